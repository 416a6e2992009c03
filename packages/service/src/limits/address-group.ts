/** Who counts as one by the address: an IPv4 address, or the /64 of an IPv6 address, as one host has all of that. */
export const addressGroup = (address: string): string => {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (v4 !== undefined) return v4
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::')
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '')
  const [first, last] = [groups(head), groups(tail ?? '')]
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const whole = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return `${whole.slice(0, 4).join(':')}::/64`
}
