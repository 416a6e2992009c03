/** An address as text of 32 or 128 binary digits. */
const bitsOf = (address: string): string | undefined => (address.includes(':') ? sixBits(address) : fourBits(address))

const fourBits = (address: string): string | undefined => {
  const parts = address.split('.')
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/u.test(part) || Number(part) > 255)) return undefined
  return parts.map((part) => Number(part).toString(2).padStart(8, '0')).join('')
}

/** "using :: to represent a range of 0s". */
const sixBits = (address: string): string | undefined => {
  const [head = '', tail] = address.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - first.length - last.length }, () => '0')
  const groups = [...first, ...zeros, ...last]
  if (groups.length !== 8 || groups.some((group) => !/^[0-9a-f]{1,4}$/iu.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('')
}

/**
 * Whether an address is in a network. "If you specify an IP address without the associated routing prefix, IAM uses the
 * default prefix value of /32" (IAM User Guide, "Condition operators"); of IPv6 that is taken to be the whole address.
 */
export const sameNetwork = (address: string, network: string): boolean => {
  const [base = '', prefix] = network.split('/')
  const [left, right] = [bitsOf(address), bitsOf(base)]
  if (left === undefined || right === undefined || left.length !== right.length) return false
  const length = prefix === undefined ? right.length : Number(prefix)
  return left.slice(0, length) === right.slice(0, length)
}
