import type { Comparison } from './comparison.ts'

interface Address {
  readonly bits: bigint
  readonly length: 32 | 128
}

interface Range extends Address {
  /** How many leading bits count. */
  readonly prefix: number
}

/** Inside a range of addresses, IPv4 or IPv6. */
export const withinRange: Comparison = {
  expects: 'an IP address or a range in CIDR notation',
  compile: (value) => {
    const range = rangeOf(value)
    if (range === undefined) return undefined
    return (text) => {
      const given = addressOf(text)
      return given !== undefined && contains(range, unmapped(given))
    }
  },
}

const contains = ({ bits, length, prefix }: Range, given: Address): boolean => {
  const shift = BigInt(length - prefix)
  return given.length === length && given.bits >> shift === bits >> shift
}

const rangeOf = (text: string): Range | undefined => {
  const [, host = '', written] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = addressOf(host)
  if (address === undefined) return undefined
  const prefix = written === undefined ? address.length : Number(written)
  return prefix <= address.length ? { ...address, prefix } : undefined
}

const addressOf = (text: string): Address | undefined => (text.includes(':') ? v6(text) : v4(text))

const v4 = (text: string): Address | undefined => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  const bytes = match?.slice(1).map(Number)
  if (bytes === undefined || bytes.some((byte) => byte > 255)) return undefined
  return { bits: bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n), length: 32 }
}

const v6 = (text: string): Address | undefined => {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const [left, right] = [groupsOf(head), groupsOf(tail ?? '')]
  if (left === undefined || right === undefined) return undefined
  const missing = 8 - left.length - right.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...left, ...Array<number>(missing).fill(0), ...right]
  return { bits: groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n), length: 128 }
}

/** Groups of 16 bits; the last two may be written as an IPv4 address. */
const groupsOf = (text: string): readonly number[] | undefined => {
  if (text === '') return []
  const groups: number[] = []
  const written = text.split(':')
  for (const [index, group] of written.entries()) {
    const dotted = index === written.length - 1 && group.includes('.') ? v4(group) : undefined
    if (dotted) groups.push(Number(dotted.bits >> 16n), Number(dotted.bits & 0xffffn))
    else if (/^[0-9a-f]{1,4}$/i.test(group)) groups.push(Number.parseInt(group, 16))
    else return undefined
  }
  return groups
}

/** A socket open to both families shows an IPv4 caller as `::ffff:203.0.113.7`; policies mean the address in it. */
const unmapped = (address: Address): Address =>
  address.length === 128 && address.bits >> 32n === 0xffffn
    ? { bits: address.bits & 0xffff_ffffn, length: 32 }
    : address
