import { escapeStart, endsOpen, maskSpans, mergeSpans, type Span } from './spans.ts'
import { inBytes } from './value-forms.ts'
import type { ValueMatcher } from './value-matcher.ts'
import { windowLength } from './window.ts'

/** A form that began at `start`, of which `matched` characters have come. */
interface Unfinished {
  start: number
  readonly form: string
  matched: number
}

const nothing = new Uint8Array(0)
const anyForm = (): boolean => true

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/**
 * Masks the values in a stream of bytes, wherever it is cut. What may still be the beginning of a form is held back
 * until it is known to be one or not. A value that comes to be known counts for what comes after.
 */
export class ValueStream {
  readonly #matcher: () => ValueMatcher | undefined
  /** Which forms are masked here. */
  readonly #isWanted: (form: string) => boolean
  /** What is held back, one character a byte; all places below are in it. */
  #held = ''
  #spans: Span[] = []
  #unfinished: Unfinished[] = []
  /** Where the first window of a form stands. */
  #beginnings: number[] = []

  constructor(matcher: () => ValueMatcher | undefined, isWanted: (form: string) => boolean = anyForm) {
    this.#matcher = matcher
    this.#isWanted = isWanted
  }

  /** Takes the next bytes; gives those that are safe to show. */
  push(chunk: Uint8Array): Uint8Array {
    const matcher = this.#matcher()
    if (this.#held === '' && (!matcher || matcher.isEmpty)) return chunk
    const came = asBuffer(chunk).toString('latin1')
    const readFrom = Math.max(0, this.#held.length - windowLength + 1)
    const isNew = this.#held === ''
    const bytes = isNew ? came : this.#held + came
    this.#held = bytes
    if (matcher) this.#read(matcher, readFrom)
    const spans = this.#spans.length === 0 ? this.#spans : mergeSpans(bytes, this.#spans)
    const until = this.#safeEnd(matcher, spans)
    // Nothing to mask: the same bytes, not copied.
    if (isNew && spans.length === 0) {
      this.#forget(until)
      return until === bytes.length ? chunk : chunk.subarray(0, until)
    }
    return this.#give(spans, until)
  }

  /** Gives what was held back. */
  end(): Uint8Array {
    if (this.#held === '') return nothing
    return this.#give(mergeSpans(this.#held, this.#spans), this.#held.length)
  }

  #read(matcher: ValueMatcher, from: number): void {
    const bytes = this.#held
    this.#goOn()
    matcher.eachCandidate(bytes, from, inBytes, ({ start, form }) => {
      const there = Math.min(form.length, bytes.length - start)
      if (start < 0 || !bytes.startsWith(form.slice(0, there), start) || !this.#isWanted(form)) return
      if (there === form.length) this.#spans.push({ start, end: start + there })
      else this.#unfinished.push({ start, form, matched: there })
    })
    // What began earlier would have come to its end.
    matcher.eachBeginning(bytes, Math.max(from, bytes.length - matcher.longest), (at) => {
      if (this.#beginnings.at(-1) !== at) this.#beginnings.push(at)
    })
  }

  /** Compares what came with the forms that have begun. */
  #goOn(): void {
    const bytes = this.#held
    if (this.#unfinished.length === 0) return
    this.#unfinished = this.#unfinished.filter((begun) => {
      const there = Math.min(begun.form.length, bytes.length - begun.start)
      if (!bytes.startsWith(begun.form.slice(begun.matched, there), begun.start + begun.matched)) return false
      begun.matched = there
      if (there < begun.form.length) return true
      this.#spans.push({ start: begun.start, end: begun.start + there })
      return false
    })
  }

  /** Up to where nothing can become a part of a form, or of an escape that is cut in two. */
  #safeEnd(matcher: ValueMatcher | undefined, spans: readonly Span[]): number {
    const bytes = this.#held
    let until = Math.min(bytes.length, this.#firstUnfinished(matcher))
    if (matcher) until = escapeStart(bytes, this.#shortBeginning(matcher, until))
    for (const { start, end } of [...spans].reverse())
      if (start < until && (end > until || endsOpen(bytes, end))) until = start
    return until
  }

  /** Where less than a window of a form stands at the end. */
  #shortBeginning(matcher: ValueMatcher, until: number): number {
    const bytes = this.#held
    for (let start = Math.max(0, bytes.length - windowLength + 1); start < until; start += 1)
      if (matcher.isBeginning(bytes.slice(start))) return start
    return until
  }

  #firstUnfinished(matcher: ValueMatcher | undefined): number {
    if (!matcher) return Number.POSITIVE_INFINITY
    const first = this.#unfinished.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY)
    for (let at = this.#beginnings[0]; at !== undefined && at < first; at = this.#beginnings[0]) {
      const candidate = matcher.unfinishedAt(this.#held, at, this.#isWanted)
      if (candidate) {
        this.#unfinished.push({ ...candidate, matched: this.#held.length - at })
        return at
      }
      this.#beginnings.shift()
    }
    return first
  }

  #give(spans: readonly Span[], until: number): Uint8Array {
    const safe = spans.filter(({ end }) => end <= until)
    const shown = maskSpans(this.#held, safe, until)
    this.#forget(until)
    return Buffer.from(shown, 'latin1')
  }

  /** Leaves what is shown behind. */
  #forget(until: number): void {
    if (until === 0) return
    this.#held = this.#held.slice(until)
    const after = ({ start }: { readonly start: number }): boolean => start >= until
    this.#spans = this.#spans.filter(after).map(({ start, end }) => ({ start: start - until, end: end - until }))
    this.#unfinished = this.#unfinished.filter(after)
    for (const begun of this.#unfinished) begun.start -= until
    this.#beginnings = this.#beginnings.filter((at) => at >= until).map((at) => at - until)
  }
}
