import type { Random } from './ports/random.ts'

/** The machine's own chance. */
export const systemRandom: Random = Object.freeze({
  unit: () => Math.random(),
  bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
})
