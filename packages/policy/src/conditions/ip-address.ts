import type { Comparison } from './comparison.ts'
import { comparisonOf } from './comparison-of.ts'

/** An address in groups of 16 bits: two for IPv4, eight for IPv6. */
type Address = readonly number[]

interface Range {
  readonly address: Address
  /** How many leading bits count. */
  readonly prefix: number
}

/** Inside a range of addresses, IPv4 or IPv6. */
export const withinRange: Comparison = comparisonOf({
  expects: 'an IP address or a range in CIDR notation',
  wanted: (value) => rangeOf(value),
  given: (text) => addressOf(text),
  holds: (given, range: Range) => contains(range, unmapped(given)),
})

const contains = ({ address, prefix }: Range, given: Address): boolean =>
  given.length === address.length &&
  given.every((group, index) => {
    const free = 16 - Math.min(16, Math.max(0, prefix - 16 * index))
    return group >> free === (address[index] ?? 0) >> free
  })

const rangeOf = (text: string): Range | undefined => {
  const [, host = '', written] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = addressOf(host)
  if (address === undefined) return undefined
  const bits = address.length * 16
  const prefix = written === undefined ? bits : Number(written)
  return prefix <= bits ? { address, prefix } : undefined
}

const addressOf = (text: string): Address | undefined => (text.includes(':') ? v6(text) : v4(text))

const v4 = (text: string): Address | undefined => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const [a, b, c, d] = [Number(match[1]), Number(match[2]), Number(match[3]), Number(match[4])]
  return Math.max(a, b, c, d) > 255 ? undefined : [a * 256 + b, c * 256 + d]
}

const v6 = (text: string): Address | undefined => {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const [left, right] = [groupsOf(head, tail === undefined), groupsOf(tail ?? '', true)]
  if (left === undefined || right === undefined) return undefined
  const missing = 8 - left.length - right.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  return [...left, ...Array<number>(missing).fill(0), ...right]
}

/** Groups of an IPv6 address; at its end, two may be written as an IPv4 address. */
const groupsOf = (text: string, atEnd: boolean): Address | undefined => {
  if (text === '') return []
  const groups: number[] = []
  const written = text.split(':')
  for (const [index, group] of written.entries()) {
    const dotted = atEnd && index === written.length - 1 && group.includes('.') ? v4(group) : undefined
    if (dotted) groups.push(...dotted)
    else if (/^[0-9a-f]{1,4}$/i.test(group)) groups.push(Number.parseInt(group, 16))
    else return undefined
  }
  return groups
}

/** A socket open to both families shows an IPv4 caller as `::ffff:203.0.113.7`; policies mean the address in it. */
const unmapped = (address: Address): Address =>
  address.length === 8 && address[5] === 0xffff && address.slice(0, 5).every((group) => group === 0)
    ? address.slice(6)
    : address
