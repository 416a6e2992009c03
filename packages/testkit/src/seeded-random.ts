import type { Random } from '@keyplane/core'

/** Chance that repeats: the same seed gives the same numbers (mulberry32). Never for secrets. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return { unit, bytes: (length: number) => Uint8Array.from({ length }, () => Math.floor(unit() * 256)) }
}
