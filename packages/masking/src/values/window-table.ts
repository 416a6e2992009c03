import { fiveHash, otherHash, shiftedWord, windowHash } from './window.ts'

/** Two bits for each of the 4 groups of five characters in a window: some 1 % of all others pass the filter too. */
const minFilterBitsPerSlot = 32
const groups = 4
const maxLoad = 0.85
/** Grows by little: a registry shall not cost more than what it refers to. */
const growth = 1.25
const smallest = 16

/**
 * Windows of forms, each with the number of its form and its place in it. Open addressing in one typed array: with the
 * filter some 40 bytes a form. The filter knows each group of five characters of a window, so that a loop in steps of
 * four meets one of them wherever the window stands; its fields are for such loops, which cannot afford a call.
 */
export class WindowTable {
  filter: Uint32Array = new Uint32Array(1)
  /** By how much a number is shifted for its word in the filter, and for its bit in that word. */
  wordShift = 31
  bitShift = 0
  /** Four a slot: the window's words, the form's number and one (0: empty), the place. */
  #slots = new Int32Array(0)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(low: number, high: number, form: number, place: number): void {
    const size = this.#slots.length / 4
    if (this.#count >= size * maxLoad) this.#resize(Math.max(smallest, Math.ceil(size * growth)))
    this.#count += 1
    this.#insert(low, high, form, place)
  }

  /** The first slot with this window, or -1. */
  first(low: number, high: number): number {
    const size = this.#slots.length / 4
    return size === 0 ? -1 : this.#seek(low, high, windowHash(low, high) % size)
  }

  /** The next slot with the same window, or -1. */
  next(slot: number): number {
    return this.#seek(this.#slots[slot * 4] ?? 0, this.#slots[slot * 4 + 1] ?? 0, slot + 1)
  }

  formAt(slot: number): number {
    return (this.#slots[slot * 4 + 2] ?? 0) - 1
  }

  placeAt(slot: number): number {
    return this.#slots[slot * 4 + 3] ?? 0
  }

  each(act: (form: number, place: number) => void): void {
    for (let slot = 0; slot * 4 < this.#slots.length; slot += 1)
      if (this.formAt(slot) !== -1) act(this.formAt(slot), this.placeAt(slot))
  }

  /** Drops every form that is not to be kept. */
  retain(isKept: (form: number) => boolean): void {
    let kept = 0
    this.each((form) => {
      if (isKept(form)) kept += 1
    })
    this.#resize(Math.max(smallest, Math.ceil((kept * growth) / maxLoad)), isKept)
    this.#count = kept
  }

  #seek(low: number, high: number, from: number): number {
    const slots = this.#slots
    const size = slots.length / 4
    for (let slot = from === size ? 0 : from; slots[slot * 4 + 2] !== 0; slot = slot + 1 === size ? 0 : slot + 1)
      if (slots[slot * 4] === low && slots[slot * 4 + 1] === high) return slot
    return -1
  }

  #insert(low: number, high: number, form: number, place: number): void {
    const slots = this.#slots
    const size = slots.length / 4
    let slot = windowHash(low, high) % size
    while (slots[slot * 4 + 2] !== 0) slot = slot + 1 === size ? 0 : slot + 1
    slots[slot * 4] = low
    slots[slot * 4 + 1] = high
    slots[slot * 4 + 2] = form + 1
    slots[slot * 4 + 3] = place
    for (let group = 0; group < groups; group += 1) {
      const hash = fiveHash(shiftedWord(low, high, group), high >>> (group * 8))
      this.#mark(hash)
      this.#mark(otherHash(hash))
    }
  }

  #mark(hash: number): void {
    const word = hash >>> this.wordShift
    this.filter[word] = (this.filter[word] ?? 0) | (1 << (hash >>> this.bitShift))
  }

  #resize(size: number, isKept: (form: number) => boolean = () => true): void {
    const slots = this.#slots
    this.#slots = new Int32Array(size * 4)
    const filterExponent = Math.ceil(Math.log2(size * minFilterBitsPerSlot))
    this.filter = new Uint32Array(2 ** (filterExponent - 5))
    this.bitShift = 32 - filterExponent
    this.wordShift = this.bitShift + 5
    for (let at = 0; at < slots.length; at += 4) {
      const form = (slots[at + 2] ?? 0) - 1
      if (form !== -1 && isKept(form)) this.#insert(slots[at] ?? 0, slots[at + 1] ?? 0, form, slots[at + 3] ?? 0)
    }
  }
}
