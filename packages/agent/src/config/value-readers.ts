import { isIP } from 'node:net'

/** A value of the file as the agent takes it, or what is wrong with it. */
export type Read = (value: unknown) => { readonly value: unknown } | { readonly problem: string }

const oneOf = (value: unknown, fits: boolean, problem: string): ReturnType<Read> => (fits ? { value } : { problem })

/** The AWS agent takes numbers in quotes too, with a sign even. `also` stands outside the bounds. */
export const integer =
  (min: number, max: number, also?: number): Read =>
  (value) => {
    const number = typeof value === 'string' && /^\+?\d+$/.test(value) ? Number(value) : value
    const fits =
      Number.isInteger(number) && (number === also || ((number as number) >= min && (number as number) <= max))
    return oneOf(number, fits, `must be a whole number from ${min} to ${max}`)
  }

/** The AWS agent takes numbers in quotes too. */
export const ratio =
  (min: number, max: number): Read =>
  (value) => {
    const number = typeof value === 'string' && /^\d*\.?\d+$/.test(value) ? Number(value) : value
    return oneOf(
      number,
      typeof number === 'number' && number >= min && number <= max,
      `must be a number from ${min.toFixed(1)} to ${max.toFixed(1)}`,
    )
  }

const [yes, no] = [new Set(['true', 'on', 'yes', '1']), new Set(['false', 'off', 'no', '0'])]

/** The AWS agent takes these words too, in any case, and numbers: 0 is false, any other is true. */
export const bool: Read = (value) => {
  if (typeof value === 'number') return { value: value !== 0 }
  const word = String(value).toLowerCase()
  const fits = typeof value === 'boolean' || typeof value === 'string'
  return oneOf(yes.has(word), fits && (yes.has(word) || no.has(word)), 'must be true or false')
}

/** A text that the pattern takes whole. */
export const textLike =
  (pattern: RegExp, what: string): Read =>
  (value) =>
    oneOf(value, typeof value === 'string' && pattern.test(value), `must be ${what}`)

/** One of the words, in any case. */
export const wordOf =
  (words: readonly string[]): Read =>
  (value) => {
    const word = typeof value === 'string' ? value.toLowerCase() : ''
    return oneOf(word, words.includes(word), `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)
  }

export const anyText: Read = textLike(/[^]/, 'a text')

/** A file's mode for its owner and group: nobody else. */
export const fileMode: Read = (value) =>
  typeof value === 'string' && /^0?[0-7][0-7]0$/.test(value)
    ? { value: Number.parseInt(value, 8) }
    : { problem: 'must be a mode without rights for others, like "0660"' }

/** Room for a Unix socket's path is short. @see unix(7) */
const maxSocketPathBytes = 107

export const socketPath: Read = (value) =>
  oneOf(
    value,
    typeof value === 'string' && value.startsWith('/') && Buffer.byteLength(value) <= maxSocketPathBytes,
    `must be an absolute path of at most ${maxSocketPathBytes} bytes`,
  )

export const ipAddress: Read = (value) =>
  oneOf(value, typeof value === 'string' && isIP(value) !== 0, 'must be an IP address')

export const path: Read = (value) =>
  oneOf(value, typeof value === 'string' && value.startsWith('/'), 'must begin with /')

export const level: Read = (value) => {
  const name = typeof value === 'string' ? value.toLowerCase() : ''
  return oneOf(
    name,
    ['debug', 'info', 'warn', 'error', 'none'].includes(name),
    'must be DEBUG, INFO, WARN, ERROR or NONE',
  )
}

/** Texts that the pattern takes whole, perhaps none. */
export const textsLike =
  (item: RegExp, what: string): Read =>
  (value) =>
    Array.isArray(value) && value.length === 0 ? { value } : listOf(item, what)(value)

/** Texts that the pattern takes whole, at least one of them. */
export const listOf =
  (item: RegExp, what: string): Read =>
  (value) =>
    oneOf(
      value,
      Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'string' && item.test(entry)),
      `must be a list of at least one ${what}`,
    )

export const address: Read = (value) =>
  oneOf(
    value,
    typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    'must be an http:// or https:// address',
  )
