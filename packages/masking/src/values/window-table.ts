import { fiveHash, otherHash, shiftedWord, windowHash } from './window.ts'

/** Two bits for each of the 4 groups of five characters in a window: some 1 % of all others pass the filter too. */
const minFilterBits = 40
const groups = 4
/** Grows by little: a registry shall not cost more than what it refers to. Growing is a copy, which costs little too. */
const growth = 1.125
const smallest = 16
/** Windows for each chain. */
const perChain = 4
const fields = 5

/**
 * Windows of forms, each with the number of its form and its place in it: a hash table with chains, in typed arrays,
 * with the filter some 30 bytes a form. A window that many forms have is in one chain, whose beginning it takes no
 * time to reach or to add to, and is in nobody else's way. The filter knows each group of five characters of a window,
 * so that a loop in steps of four meets one of them wherever the window stands; its fields are for such loops, which
 * cannot afford a call.
 */
export class WindowTable {
  filter: Uint32Array = new Uint32Array(1)
  /** By how much a number is shifted for its word in the filter, and for its bit in that word. */
  wordShift = 31
  bitShift = 0
  /** Five a slot: the window's words, the form's number, the place, and the next slot of the chain and one (0: none). */
  #slots = new Int32Array(0)
  /** The first slot of each chain and one (0: none). */
  #chains = new Int32Array(0)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(low: number, high: number, form: number, place: number): void {
    const slot = this.#count
    if (slot * fields === this.#slots.length) this.#resize(Math.max(smallest, Math.ceil(slot * growth)))
    const at = slot * fields
    this.#slots[at] = low
    this.#slots[at + 1] = high
    this.#slots[at + 2] = form
    this.#slots[at + 3] = place
    this.#count += 1
    this.#link(slot)
    this.#markWindow(low, high)
  }

  /** The first slot with this window, or -1. */
  first(low: number, high: number): number {
    const { length } = this.#chains
    return length === 0 ? -1 : this.#seek(low, high, this.#chains[windowHash(low, high) % length] as number)
  }

  /** The next slot with the same window, or -1. */
  next(slot: number): number {
    const at = slot * fields
    return this.#seek(this.#slots[at] as number, this.#slots[at + 1] as number, this.#slots[at + 4] as number)
  }

  /** How many slots have this window, counted to `most` at the most. */
  countOf(low: number, high: number, most: number): number {
    let count = 0
    for (let slot = this.first(low, high); slot !== -1 && count < most; slot = this.next(slot)) count += 1
    return count
  }

  formAt(slot: number): number {
    return this.#slots[slot * fields + 2] as number
  }

  placeAt(slot: number): number {
    return this.#slots[slot * fields + 3] as number
  }

  each(act: (form: number, place: number) => void): void {
    for (let slot = 0; slot < this.#count; slot += 1) act(this.formAt(slot), this.placeAt(slot))
  }

  /** Drops every form that is not to be kept. */
  retain(isKept: (form: number) => boolean): void {
    let kept = 0
    for (let slot = 0; slot < this.#count; slot += 1) {
      if (!isKept(this.formAt(slot))) continue
      if (kept < slot) this.#slots.copyWithin(kept * fields, slot * fields, (slot + 1) * fields)
      kept += 1
    }
    this.#count = kept
    this.filter = new Uint32Array(0)
    this.#resize(Math.max(smallest, Math.ceil(kept * growth)))
  }

  /** From a slot and one, or 0. */
  #seek(low: number, high: number, from: number): number {
    const slots = this.#slots
    let at = (from - 1) * fields
    while (at >= 0) {
      if (slots[at] === low && slots[at + 1] === high) return at / fields
      at = ((slots[at + 4] as number) - 1) * fields
    }
    return -1
  }

  #link(slot: number): void {
    const at = slot * fields
    const chain = windowHash(this.#slots[at] as number, this.#slots[at + 1] as number) % this.#chains.length
    this.#slots[at + 4] = this.#chains[chain] as number
    this.#chains[chain] = slot + 1
  }

  #markWindow(low: number, high: number): void {
    for (let group = 0; group < groups; group += 1) {
      const hash = fiveHash(shiftedWord(low, high, group), high >>> (group * 8))
      this.#mark(hash)
      this.#mark(otherHash(hash))
    }
  }

  #mark(hash: number): void {
    const word = hash >>> this.wordShift
    this.filter[word] = (this.filter[word] as number) | (1 << (hash >>> this.bitShift))
  }

  #resize(size: number): void {
    const known = this.#slots.subarray(0, this.#count * fields)
    this.#slots = new Int32Array(size * fields)
    this.#slots.set(known)
    this.#chains = new Int32Array(Math.ceil(size / perChain))
    for (let slot = 0; slot < this.#count; slot += 1) this.#link(slot)
    this.#growFilter(size)
  }

  /** Its length is a power of two, so most sizes have the same. */
  #growFilter(size: number): void {
    const exponent = Math.ceil(Math.log2(size * minFilterBits))
    const length = 2 ** (exponent - 5)
    if (this.filter.length === length) return
    this.filter = new Uint32Array(length)
    this.bitShift = 32 - exponent
    this.wordShift = this.bitShift + 5
    for (let at = 0; at < this.#count * fields; at += fields)
      this.#markWindow(this.#slots[at] as number, this.#slots[at + 1] as number)
  }
}
