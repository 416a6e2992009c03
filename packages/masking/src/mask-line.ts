import { type MaskContent, maskJsonBytes } from './json-bytes.ts'
import { isSecret, isSecretPair, type KeyRules, type Verdict } from './key-rules.ts'
import { createKeyVerdicts, type KeyVerdicts } from './key-verdicts.ts'
import { type LowerBytes, lowerBytes } from './lower-bytes.ts'
import { mask } from './mask.ts'
import { type Look, lookAt } from './text-suspicion.ts'
import { closingBracket, closingQuote } from './text-value.ts'

type MaskText = (text: string) => string

/** What a line is masked with. */
export interface LineParts extends MaskContent {
  readonly rules: KeyRules
  /** Masks registered values in a text. */
  readonly values: MaskText
  /** Masks what a text shows by its form. */
  readonly forms: MaskText
}

const quotationMark = 34
const openBracket = 91
const openBrace = 123
const colon = 58
const comma = 44

const literal = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const literalEnd = /[,}\]\s]|$/g

const isStructure = (code: number): boolean =>
  code === comma || code === colon || code === openBrace || code === 125 || code === openBracket || code === 93

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

const startsNested = (line: string, start: number): boolean => line[start] === '{' || line[start] === '['

const valueEnd = (line: string, start: number): number => {
  if (line[start] === '"') return closingQuote(line, start + 1, '"') + 1
  if (startsNested(line, start)) return closingBracket(line, start)
  literalEnd.lastIndex = start
  return literalEnd.exec(line)?.index ?? line.length
}

/**
 * Where the secret value that starts here ends, or -1 if it is none. An object that stays is not read to its end: that
 * would be done again for each key in it.
 */
const secretEnd = (line: string, start: number, verdict: Verdict): number => {
  if (verdict === 'keep') return -1
  const nested = startsNested(line, start)
  if (nested && !isSecret(verdict, {})) return -1
  const end = valueEnd(line, start)
  return nested || isSecret(verdict, JSON.parse(line.slice(start, end)) as unknown) ? end : -1
}

const skipBlanks = (bytes: Uint8Array, start: number): number => {
  let at = start
  while (isBlank(bytes[at] as number)) at += 1
  return at
}

const skipDigits = (bytes: Uint8Array, start: number): number => {
  let at = start
  while ((bytes[at] as number) >= 48 && (bytes[at] as number) <= 57) at += 1
  return at
}

/** Where the number, `true`, `false` or `null` ends that begins here. */
const literalStop = (line: string, bytes: Uint8Array, start: number): number => {
  const digitsEnd = skipDigits(bytes, start)
  if (digitsEnd > start && isStructure(bytes[digitsEnd] as number)) return digitsEnd
  literal.lastIndex = start
  if (!literal.test(line)) throw new SyntaxError('not a line of JSON')
  return literal.lastIndex
}

const textOf = (json: string): string => (json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1))

const bytesOf = lowerBytes()

/** One line of JSON on its way through: what was shown of it, and how far it was read. */
class LineWalk {
  readonly #line: string
  readonly #lower: LowerBytes
  readonly #bytes: Uint8Array
  readonly #parts: LineParts
  readonly #verdictOn: KeyVerdicts
  /** Whether a registered value may stand in it, so that each text is looked through for one. */
  readonly #hasValues: boolean
  readonly #look: Look = { end: 0, suspicious: false, escaped: false }
  #shown = ''
  /** How far the line is shown. */
  #from = 0
  /** The two marks of structure right before the place that is read. */
  #last = 0
  #lastButOne = 0

  constructor(line: string, parts: LineParts, verdictOn: KeyVerdicts, hasValues: boolean) {
    this.#line = line
    this.#lower = bytesOf(line)
    this.#bytes = this.#lower.bytes
    this.#parts = parts
    this.#verdictOn = verdictOn
    this.#hasValues = hasValues
  }

  run(): string {
    const line = this.#line
    const bytes = this.#bytes
    let at = 0
    while (at < line.length) {
      const code = bytes[at] as number
      if (code === quotationMark) at = this.#text(at)
      else if (isStructure(code)) {
        this.#lastButOne = this.#last
        this.#last = code
        at += 1
      } else at = isBlank(code) ? at + 1 : this.#literal(at)
    }
    return this.#from === 0 ? line : this.#shown + line.slice(this.#from)
  }

  #show(start: number, end: number, replacement: string): void {
    this.#shown += this.#line.slice(this.#from, start) + replacement
    this.#from = end
  }

  /** A number that is a value becomes a text: `****` alone would be no JSON. */
  #literal(start: number): number {
    const end = literalStop(this.#line, this.#bytes, start)
    if (this.#hasValues) {
      const found = this.#line.slice(start, end)
      if (this.#parts.values(found) !== found) this.#show(start, end, `"${mask}"`)
    }
    this.#last = 0
    return end
  }

  #text(start: number): number {
    const line = this.#line
    lookAt(line, this.#lower, start + 1, true, this.#look)
    const { end: quote, suspicious, escaped } = this.#look
    if (quote >= line.length || line.charCodeAt(start) !== quotationMark) throw new SyntaxError('not a line of JSON')
    const end = quote + 1
    if (suspicious || escaped || this.#hasValues) this.#maskText(start, end, escaped)
    if (this.#last === openBracket && (this.#lastButOne === openBracket || this.#lastButOne === comma)) {
      const stop = this.#pair(start, end)
      if (stop !== -1) return stop
    }
    this.#last = 0
    const next = skipBlanks(this.#bytes, end)
    if (this.#bytes[next] !== colon) return end
    const verdict = escaped
      ? this.#parts.rules(textOf(line.slice(start, end)))
      : this.#verdictOn(line, this.#bytes, start + 1, quote)
    if (verdict === 'keep') return end
    const value = skipBlanks(this.#bytes, next + 1)
    const stop = secretEnd(line, value, verdict)
    if (stop === -1) return end
    this.#show(value, stop, `"${mask}"`)
    return stop
  }

  #maskText(start: number, end: number, escaped: boolean): void {
    const { forms, text: both } = this.#parts
    const json = this.#line.slice(start, end)
    const text = escaped ? (JSON.parse(json) as string) : json.slice(1, -1)
    const shown = escaped || this.#hasValues ? both(text) : forms(text)
    if (shown !== text) this.#show(start, end, JSON.stringify(shown))
  }

  /**
   * Where the second text of a list of two ends, masked, if the first is a secret name and the list stands in a list:
   * `[["x-api-key","…"]]`. Otherwise -1.
   */
  #pair(start: number, end: number): number {
    const line = this.#line
    const next = skipBlanks(this.#bytes, end)
    const second = skipBlanks(this.#bytes, next + 1)
    if (line.charCodeAt(next) !== comma || line.charCodeAt(second) !== quotationMark) return -1
    const stop = valueEnd(line, second)
    if (line[skipBlanks(this.#bytes, stop)] !== ']') return -1
    if (!isSecretPair(this.#parts.rules, textOf(line.slice(start, end)), textOf(line.slice(second, stop)))) return -1
    this.#show(second, stop, `"${mask}"`)
    this.#last = 0
    return stop
  }
}

/**
 * Masks a line that is ready to be written: a line of JSON field by field, whatever put the fields there, any other
 * line as free text. JSON stays JSON.
 */
export const createLineMasker = (parts: LineParts): MaskText => {
  const verdictOn = createKeyVerdicts(parts.rules)
  return (line) => {
    if (!line.startsWith('{')) return parts.text(line)
    try {
      const json = maskJsonBytes(line, parts)
      return new LineWalk(json, parts, verdictOn, parts.values(json) !== json).run()
    } catch {
      // Not JSON after all, or cut short: nothing is let through unread.
      return parts.text(line)
    }
  }
}
