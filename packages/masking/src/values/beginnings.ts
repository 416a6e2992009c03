import { windowHash, windowLength, wordAt } from './window.ts'
import { WindowTable } from './window-table.ts'

const maxLoad = 0.6

/** The first 1 to 7 characters of a window, for a window to compare with. */
const shortHash = (low: number, high: number, length: number): number => {
  const ownLow = length >= 4 ? low : low & ((1 << (length * 8)) - 1)
  const ownHigh = length > 4 ? high & ((1 << ((length - 4) * 8)) - 1) : 0
  // 0 is an empty place.
  return (windowHash(ownLow, ownHigh) ^ Math.imul(length, 0x9e3779b1)) | 0 || 1
}

/**
 * How forms begin: what a stream has to know to say whether its last characters may be the beginning of one. Made only
 * where there is a stream.
 */
export class Beginnings {
  /** The first window of each form. */
  readonly windows: WindowTable = new WindowTable()
  /** The first 1 to 7 characters of each form: numbers that stand for them. */
  #shorts = new Int32Array(256)
  #count = 0

  add(beginning: string, form: number, place: number): void {
    const low = wordAt(beginning, 0)
    const high = wordAt(beginning, 4)
    this.windows.add(low, high, form, place)
    for (let length = 1; length < windowLength; length += 1) this.#enter(shortHash(low, high, length))
  }

  /** Whether a form begins with this text of 1 to 7 characters. */
  has(text: string): boolean {
    const padded = text.padEnd(windowLength, '\0')
    const hash = shortHash(wordAt(padded, 0), wordAt(padded, 4), text.length)
    return this.#shorts[this.#placeOf(hash)] === hash
  }

  #placeOf(hash: number): number {
    const last = this.#shorts.length - 1
    let place = hash & last
    while (this.#shorts[place] !== 0 && this.#shorts[place] !== hash) place = (place + 1) & last
    return place
  }

  #enter(hash: number): void {
    const place = this.#placeOf(hash)
    if (this.#shorts[place] === hash) return
    this.#shorts[place] = hash
    this.#count += 1
    if (this.#count < this.#shorts.length * maxLoad) return
    const known = this.#shorts
    this.#shorts = new Int32Array(known.length * 2)
    for (const kept of known) if (kept !== 0) this.#shorts[this.#placeOf(kept)] = kept
  }
}
