/**
 * When a record holds good from, as it stands at its beginning: as many digits for each moment, so that younger ones are
 * greater as text. A moment has two halves: what was read in a millisecond yields to what was forgotten in it.
 */
export type Moment = string

export const momentDigits = 16

/** However wrong another machine's clock: a moment further ahead is none. */
export const maxAheadMs = 60_000

const written = (halves: number): Moment => String(Math.max(0, Math.floor(halves))).padStart(momentDigits, '0')

export const readMoment = (atMs: number): Moment => written(2 * Math.floor(atMs))

export const forgottenMoment = (atMs: number): Moment => written(2 * Math.floor(atMs) + 1)

export const epochMs = (moment: Moment): number => Math.floor(Number(moment) / 2)

/** The moment at the beginning of a record, if there is one that may be. */
export const momentOf = (record: Uint8Array, nowMs: number): Moment | undefined => {
  const text = Buffer.from(record.subarray(0, momentDigits)).toString('latin1')
  return /^\d{16}$/.test(text) && text <= readMoment(nowMs + maxAheadMs) ? text : undefined
}
