import type { Random } from './ports/random.ts'

/** Asking the system costs as much for a thousand bytes as for sixteen. */
const poolBytes = 1_024
const maxPooled = 32
const pool = new Uint8Array(poolBytes)
let left = 0

/** Fresh bytes, given out once; the pool forgets them. */
const pooled = (length: number): Uint8Array<ArrayBuffer> => {
  if (left < length) {
    crypto.getRandomValues(pool)
    left = poolBytes
  }
  left -= length
  const bytes = pool.slice(left, left + length)
  pool.fill(0, left, left + length)
  return bytes
}

/** The machine's own chance. */
export const systemRandom: Random = Object.freeze({
  unit: () => Math.random(),
  bytes: (length: number) => (length <= maxPooled ? pooled(length) : crypto.getRandomValues(new Uint8Array(length))),
})
