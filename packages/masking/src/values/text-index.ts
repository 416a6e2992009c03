import type { KnownValue } from './ways.ts'

/** A value in an index. */
interface Indexed<Value> extends KnownValue {
  /** Another value in the same chain; the index's own. */
  next: Value | undefined
}

/** So many values with the same sample are told apart by all of their characters. */
const crowd = 16

/** A number made of every `step`th character and the last. */
const hashOf = (text: string, step: number): number => {
  let hash = text.length
  for (let at = 0; at < text.length; at += step) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return Math.imul(hash ^ text.charCodeAt(text.length - 1), 0x9e3779b1) >> 2
}

const sampleOf = (text: string): number => hashOf(text, (text.length >> 4) + 1)

/**
 * Values by their content. A string that was just made, as each read of an environment variable makes one, has no hash
 * of its own yet, and a whole one would take longer than all the rest of a look-up: so a sample of the characters is
 * taken, and all of them only where many values have the same sample.
 */
export class TextIndex<Value extends Indexed<Value>> {
  readonly #chains = new Map<number, Value>()
  /** The samples that many values have. */
  readonly #crowded = new Set<number>()
  #size = 0

  get size(): number {
    return this.#size
  }

  find({ text, binary }: KnownValue): Value | undefined {
    let value = this.#chains.get(this.#numberOf(text))
    while (value !== undefined && (value.text !== text || value.binary !== binary)) value = value.next
    return value
  }

  add(value: Value): void {
    this.#link(value)
    this.#size += 1
    const sample = sampleOf(value.text)
    if (!this.#crowded.has(sample) && this.#isCrowd(sample)) this.#spread(sample)
  }

  /** Drops the values that are not to be kept. */
  retain(isKept: (value: Value) => boolean): void {
    for (const [number, first] of this.#chains) {
      let kept: Value | undefined
      for (let value: Value | undefined = first; value; ) {
        const { next }: Value = value
        if (isKept(value)) {
          value.next = kept
          kept = value
        } else this.#size -= 1
        value = next
      }
      if (kept) this.#chains.set(number, kept)
      else this.#chains.delete(number)
    }
    if (this.#size === 0) this.#crowded.clear()
  }

  #numberOf(text: string): number {
    const sample = sampleOf(text)
    return this.#crowded.has(sample) ? hashOf(text, 1) : sample
  }

  #link(value: Value): void {
    const number = this.#numberOf(value.text)
    value.next = this.#chains.get(number)
    this.#chains.set(number, value)
  }

  #isCrowd(sample: number): boolean {
    let length = 0
    for (let value = this.#chains.get(sample); value && length <= crowd; value = value.next) length += 1
    return length > crowd
  }

  #spread(sample: number): void {
    let value = this.#chains.get(sample)
    this.#chains.delete(sample)
    this.#crowded.add(sample)
    while (value) {
      const { next }: Value = value
      this.#link(value)
      value = next
    }
  }
}
