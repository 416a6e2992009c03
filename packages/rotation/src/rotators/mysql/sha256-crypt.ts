import { createHash } from 'node:crypto'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const digest = (parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** So many bytes of a block, repeated. */
const stretched = (block: Uint8Array, length: number): Buffer => Buffer.alloc(length, block)

/**
 * The digest of glibc's `$5$`, in its own base 64, 43 characters; with salts as long as MySQL's, which glibc would cut.
 * @see https://www.akkadia.org/drepper/SHA-crypt.txt
 */
export const sha256Crypt = (
  text: string,
  { salt, rounds }: { readonly salt: Uint8Array; readonly rounds: number },
): string => {
  const password = Buffer.from(text)
  const { length } = password
  const inner = digest([password, salt, password])
  const bits: Uint8Array[] = []
  for (let left = length; left > 0; left >>= 1) bits.push(left & 1 ? inner : password)
  let state = digest([password, salt, stretched(inner, length), ...bits])
  const p = stretched(digest(Array<Uint8Array>(length).fill(password)), length)
  const s = stretched(digest(Array<Uint8Array>(16 + (state[0] ?? 0)).fill(salt)), salt.length)
  for (let round = 0; round < rounds; round += 1) {
    const isOdd = round % 2 === 1
    state = digest([isOdd ? p : state, ...(round % 3 ? [s] : []), ...(round % 7 ? [p] : []), isOdd ? state : p])
  }
  return encoded(state)
}

/** Three bytes at a time, in the order that the scheme has them, and the last two. */
const encoded = (state: Uint8Array): string => {
  let text = ''
  for (let [a, b, c] = [0, 10, 20], group = 0; group < 10; group += 1, [a, b, c] = [c + 1, a + 1, b + 1] as const)
    text += sixBits([state[a], state[b], state[c]], 4)
  return text + sixBits([0, state[31], state[30]], 3)
}

const sixBits = ([high = 0, middle = 0, low = 0]: readonly (number | undefined)[], count: number): string => {
  let value = (high << 16) | (middle << 8) | low
  let text = ''
  for (let index = 0; index < count; index += 1, value >>= 6) text += alphabet[value & 63]
  return text
}
