import { scratchLength, wordsOf } from './scratch.ts'
import { maskSpans, mergeSpans, type Span } from './spans.ts'
import { tellingPlace } from './telling-place.ts'
import {
  type Domain,
  eachForm,
  everywhere,
  inBytes,
  inTexts,
  type KnownValue,
  lineAt,
  linesOf,
  lineWay,
  writeValue,
} from './value-forms.ts'
import { fiveHash, otherHash, shiftedWord, windowLength, wordAt } from './window.ts'
import { WindowTable } from './window-table.ts'

/** A form's number holds its value's, its way and its domain. */
const waysPerValue = 32
const domains = 4
const formNumber = (id: number, way: number, domain: Domain): number => (id * waysPerValue + way) * domains + domain

/** A form that a text may hold from `start` on. */
export interface Candidate {
  readonly start: number
  readonly form: string
}

/** A text that is longer than what is looked at in one go is taken in pieces that share a window. */
const pieceStep = scratchLength - 2 * windowLength

/**
 * Finds values in texts, in every form they have. A form is known by one window of 8 characters. A text is gone through
 * in steps of four characters, which a filter answers; where it holds a known window, the form is written anew and
 * compared. So the time is in proportion to the text, however many values there are, and the forms take no memory.
 */
export class ValueMatcher {
  readonly #values: (KnownValue | undefined)[] = []
  readonly #free: number[] = []
  readonly #table = new WindowTable()
  /** The form that was written last, for a text that holds its window again and again. */
  #writtenForm = -1
  #written = ''

  get isEmpty(): boolean {
    return this.#table.count === 0
  }

  /** Takes a value up; gives its number. */
  add(value: KnownValue): number {
    const id = this.#free.pop() ?? this.#values.length
    this.#values[id] = value
    const enter = (form: string, number: number, start: number): void => {
      const place = tellingPlace(this.#table, form)
      this.#table.add(wordAt(form, place), wordAt(form, place + 4), number, start + place)
    }
    eachForm(value, (form, way, domain) => {
      if (form.length >= windowLength) enter(form, formNumber(id, way, domain), 0)
    })
    for (const start of linesOf(value)) enter(lineAt(value, start).line, formNumber(id, lineWay, everywhere), start)
    return id
  }

  /** Forgets values. Goes through all that is known, so those that go together are best given together. */
  remove(ids: ReadonlySet<number>): void {
    this.#table.retain((form) => !ids.has(Math.floor(form / (waysPerValue * domains))))
    for (const id of ids) {
      this.#values[id] = undefined
      this.#free.push(id)
    }
  }

  /** The text with every form of every value masked. */
  mask(text: string, domain: Domain = inTexts): string {
    const spans = this.spans(text, domain)
    return spans ? maskSpans(text, mergeSpans(text, spans)) : text
  }

  /** Where the forms stand in the text, in no order; nothing if there is none. */
  spans(text: string, domain: Domain = inTexts): readonly Span[] | undefined {
    if (this.#table.count === 0 || text.length < windowLength) return undefined
    let spans: Span[] | undefined
    const found = ({ start, form }: Candidate): void => {
      if (text.startsWith(form, start)) (spans ??= []).push({ start, end: start + form.length })
    }
    if (text.length <= scratchLength) this.#search(text, 0, domain, found)
    else
      for (let from = 0; from < text.length; from += pieceStep)
        this.#search(text.slice(from, from + scratchLength), from, domain, found)
    this.#forgetWritten()
    return spans
  }

  #search(text: string, from: number, domain: Domain, found: (candidate: Candidate) => void): void {
    const words = wordsOf(text)
    const { filter, wordShift, bitShift } = this.#table
    const last = text.length - 5
    let next = words[0] as number
    for (let at = 0; at <= last; at += 4) {
      const word = next
      next = words[(at >> 2) + 1] as number
      const hash = fiveHash(word, next)
      if ((((filter[hash >>> wordShift] as number) >>> (hash >>> bitShift)) & 1) === 0) continue
      const other = otherHash(hash)
      if ((((filter[other >>> wordShift] as number) >>> (other >>> bitShift)) & 1) === 0) continue
      for (let start = Math.max(0, at - 3); start <= at && start + windowLength <= text.length; start += 1)
        this.#compare(words, start, from, domain, found)
    }
  }

  #compare(words: Int32Array, at: number, from: number, domain: Domain, found: (candidate: Candidate) => void): void {
    const [first = 0, second = 0, third = 0] = [words[at >> 2], words[(at >> 2) + 1], words[(at >> 2) + 2]]
    const low = shiftedWord(first, second, at & 3)
    const high = shiftedWord(second, third, at & 3)
    for (let slot = this.#table.first(low, high); slot !== -1; slot = this.#table.next(slot)) {
      const candidate = this.#candidate(slot, from + at, domain)
      if (candidate) found(candidate)
    }
  }

  #forgetWritten(): void {
    this.#writtenForm = -1
    this.#written = ''
  }

  #candidate(slot: number, at: number, domain: Domain): Candidate | undefined {
    const number = this.#table.formAt(slot)
    const own = number % domains
    if (own !== everywhere && own !== domain) return undefined
    const way = Math.floor(number / domains) % waysPerValue
    const value = this.#values[Math.floor(number / (waysPerValue * domains))]
    if (!value) return undefined
    const place = this.#table.placeAt(slot)
    if (way === lineWay) {
      const { start, line } = lineAt(value, place)
      return at < place - start ? undefined : { start: at - (place - start), form: line }
    }
    if (at < place) return undefined
    if (this.#writtenForm !== number) {
      this.#written = writeValue(value, way, own === inBytes ? inBytes : everywhere)
      this.#writtenForm = number
    }
    return { start: at - place, form: this.#written }
  }
}
