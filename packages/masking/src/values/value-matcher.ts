import { Beginnings } from './beginnings.ts'
import { scratchLength, wordsOf } from './scratch.ts'
import { maskSpans, mergeSpans, type Span } from './spans.ts'
import { tellingPlace } from './telling-place.ts'
import {
  type Domain,
  eachForm,
  everywhere,
  inBytes,
  inTexts,
  lineAt,
  linesOf,
  lineWay,
  writeValue,
} from './value-forms.ts'
import type { KnownValue } from './ways.ts'
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

/** Enough of a value for the first window of what is written for it. */
const beginningLength = 32

/** What a way makes of one character at the most: `%XX` for each of 3 bytes. */
const maxGrowth = 9

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
  readonly #isLive: (value: KnownValue) => boolean
  readonly #table = new WindowTable()
  /** Made for the first stream that asks. */
  #beginnings: Beginnings | undefined
  /** The form that was written last, for a text that holds its window again and again. */
  #writtenForm = -1
  #written = ''
  #longest = 0

  constructor(isLive: (value: KnownValue) => boolean) {
    this.#isLive = isLive
  }

  /** The length of the longest form that was ever known. */
  get longest(): number {
    return this.#longest
  }

  get isEmpty(): boolean {
    return this.#table.count === 0
  }

  /** Takes a value up; gives its number. */
  add(value: KnownValue): number {
    const id = this.#free.pop() ?? this.#values.length
    this.#values[id] = value
    const enter = (form: string, number: number, start: number): void => {
      const place = tellingPlace(this.#table, form)
      this.#longest = Math.max(this.#longest, form.length)
      this.#table.add(wordAt(form, place), wordAt(form, place + 4), number, start + place)
      if (this.#beginnings) this.#enterBeginning(this.#beginnings, number, start)
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
    this.#beginnings = undefined
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
    let spans: Span[] | undefined
    this.eachCandidate(text, 0, domain, ({ start, form }) => {
      if (text.startsWith(form, start)) (spans ??= []).push({ start, end: start + form.length })
    })
    return spans
  }

  /** Calls back with every form that has its window in the text at `from` or later: it may stand there, or not. */
  eachCandidate(text: string, from: number, domain: Domain, found: (candidate: Candidate) => void): void {
    if (this.#table.count === 0 || text.length - from < windowLength) return
    this.#search(this.#table, text, from, (first, at) => {
      for (let slot = first; slot !== -1; slot = this.#table.next(slot)) {
        const candidate = this.#candidate(this.#table, slot, at, domain)
        if (candidate) found(candidate)
      }
    })
    this.#forgetWritten()
  }

  /** Calls back with every place of the bytes, at `from` or later, where the first window of a form stands. */
  eachBeginning(bytes: string, from: number, found: (at: number) => void): void {
    if (this.#table.count === 0 || bytes.length - from < windowLength) return
    this.#search(this.#knownBeginnings().windows, bytes, from, (_, at) => found(at))
  }

  /** A form that the bytes end in the middle of, if it began at `at`, where the first window of one stands. */
  unfinishedAt(bytes: string, at: number, isWanted: (form: string) => boolean): Candidate | undefined {
    const { windows } = this.#knownBeginnings()
    const rest = bytes.slice(at)
    let unfinished: Candidate | undefined
    const low = wordAt(rest, 0)
    const high = wordAt(rest, 4)
    for (let slot = windows.first(low, high); slot !== -1 && !unfinished; slot = windows.next(slot)) {
      if (!this.#mayBeLonger(windows.formAt(slot), rest.length)) continue
      const candidate = this.#candidate(windows, slot, at, inBytes)
      if (candidate && candidate.form.length > rest.length && candidate.form.startsWith(rest))
        unfinished = isWanted(candidate.form) ? candidate : undefined
    }
    this.#forgetWritten()
    return unfinished
  }

  /** Whether a form begins with these 1 to 7 bytes. */
  isBeginning(bytes: string): boolean {
    return this.#table.count > 0 && this.#knownBeginnings().has(bytes)
  }

  /** Whether a form may be longer than this; spares writing it. */
  #mayBeLonger(number: number, length: number): boolean {
    const value = this.#values[Math.floor(number / (waysPerValue * domains))]
    return value !== undefined && value.text.length * maxGrowth > length
  }

  #knownBeginnings(): Beginnings {
    if (this.#beginnings) return this.#beginnings
    const made = new Beginnings()
    this.#table.each((number, place) => this.#enterBeginning(made, number, place))
    this.#beginnings = made
    return made
  }

  #enterBeginning(beginnings: Beginnings, number: number, place: number): void {
    const domain = number % domains
    const way = Math.floor(number / domains) % waysPerValue
    const value = this.#values[Math.floor(number / (waysPerValue * domains))]
    if (!value || domain === inTexts) return
    if (way === lineWay) {
      const { start, line } = lineAt(value, place)
      beginnings.add(line, number, start)
    } else {
      const first = { text: value.text.slice(0, beginningLength), binary: value.binary }
      beginnings.add(writeValue(first, way, domain === inBytes ? inBytes : everywhere), number, 0)
    }
  }

  #search(table: WindowTable, text: string, from: number, found: (slot: number, at: number) => void): void {
    if (from === 0 && text.length <= scratchLength) this.#searchPiece(table, text, 0, found)
    else
      for (let start = from; start < text.length; start += pieceStep)
        this.#searchPiece(table, text.slice(start, start + scratchLength), start, found)
  }

  /** Calls back with the first slot of each known window. */
  #searchPiece(table: WindowTable, text: string, from: number, found: (slot: number, at: number) => void): void {
    const words = wordsOf(text)
    const { filter, wordShift, bitShift } = table
    const last = text.length - 5
    let next = words[0] as number
    for (let at = 0; at <= last; at += 4) {
      const word = next
      next = words[(at >> 2) + 1] as number
      const hash = fiveHash(word, next)
      if ((((filter[hash >>> wordShift] as number) >>> (hash >>> bitShift)) & 1) === 0) continue
      const other = otherHash(hash)
      if ((((filter[other >>> wordShift] as number) >>> (other >>> bitShift)) & 1) === 0) continue
      for (let start = Math.max(0, at - 3); start <= at && start + windowLength <= text.length; start += 1) {
        const second = words[(start >> 2) + 1] as number
        const low = shiftedWord(words[start >> 2] as number, second, start & 3)
        const high = shiftedWord(second, words[(start >> 2) + 2] as number, start & 3)
        const slot = table.first(low, high)
        if (slot !== -1) found(slot, from + start)
      }
    }
  }

  #forgetWritten(): void {
    this.#writtenForm = -1
    this.#written = ''
  }

  #candidate(table: WindowTable, slot: number, at: number, domain: Domain): Candidate | undefined {
    const number = table.formAt(slot)
    const own = number % domains
    if (own !== everywhere && own !== domain) return undefined
    const way = Math.floor(number / domains) % waysPerValue
    const value = this.#values[Math.floor(number / (waysPerValue * domains))]
    if (!value || !this.#isLive(value)) return undefined
    const place = table.placeAt(slot)
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
