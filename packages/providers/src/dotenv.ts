/** What a dotenv file says, and which of its lines say nothing that can be understood. */
export interface ParsedDotenv {
  readonly entries: ReadonlyMap<string, string>
  /** Lines count from 1. Their content is left out: it may be half a secret. */
  readonly malformed: readonly { readonly line: number }[]
}

/**
 * One entry of a file, from the first character that is no blank, as the dotenv package has it.
 * @see https://github.com/motdotla/dotenv (BSD-2-Clause), `LINE` in its parser
 */
const entry =
  /(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/my

const blanks = /\s*/y
const lineEnd = /[\r\n\u2028\u2029]/g

/** The first start of a line at `at` or after it, or -1. */
const lineStartFrom = (text: string, at: number): number => {
  if (at === 0) return 0
  lineEnd.lastIndex = at - 1
  const found = lineEnd.exec(text)
  return found ? found.index + 1 : -1
}

interface Found {
  readonly key: string
  readonly raw: string
  readonly start: number
  readonly end: number
}

/**
 * The entries of a text, each looked for once behind a run of blanks. A pattern that begins with the blanks itself
 * would read a run of empty lines again from each of them.
 */
function* entriesOf(text: string): Generator<Found> {
  for (let at = lineStartFrom(text, 0); at !== -1; ) {
    blanks.lastIndex = at
    const start = at + (blanks.exec(text)?.[0].length ?? 0)
    entry.lastIndex = start
    const found = entry.exec(text)
    const end = start + (found?.[0].length ?? 0)
    if (found) yield { key: found[1] ?? '', raw: found[2] ?? '', start, end }
    at = lineStartFrom(text, found ? end : start + 1)
  }
}

/** Where the last quote of this kind stands that ends a line, or -1. */
const lastClosing = (text: string, quote: string): number => {
  let at = text.lastIndexOf(quote)
  while (at > 0 && at + 1 < text.length && !/[\r\n\u2028\u2029]/.test(text[at + 1] ?? ''))
    at = text.lastIndexOf(quote, at - 1)
  return at
}

/** The text without its quotes: what `/^(['"`])([^]*)\1$/gm` takes off, in time that is in proportion to the length. */
const unquote = (text: string): string => {
  const opening = /^['"`]/gm
  const closings = new Map<string, number>()
  let bare = ''
  let from = 0
  for (let found = opening.exec(text); found; found = opening.exec(text)) {
    const [quote] = found
    const closing = closings.get(quote) ?? lastClosing(text, quote)
    closings.set(quote, closing)
    if (closing <= found.index) continue
    bare += text.slice(from, found.index) + text.slice(found.index + 1, closing)
    from = closing + 1
    opening.lastIndex = from
  }
  return from === 0 ? text : bare + text.slice(from)
}

const valueOf = (raw: string): { readonly value: string; readonly closed: boolean } => {
  const trimmed = raw.trim()
  const bare = unquote(trimmed)
  const closed = !/^['"`]/.test(trimmed) || bare !== trimmed
  return { value: trimmed.startsWith('"') ? bare.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : bare, closed }
}

/** Counts lines on the way through a text; positions only go up. */
const lineCounter = (text: string): ((position: number) => number) => {
  let line = 1
  let next = text.indexOf('\n')
  return (position) => {
    for (; next !== -1 && next < position; next = text.indexOf('\n', next + 1)) line++
    return line
  }
}

const isNothing = (line: string): boolean => /^\s*(?:#|$)/.test(line)

/**
 * Reads a dotenv file as the dotenv package does: quotes of three kinds, values of several lines, `export`, comments,
 * `\n` in double quotes, any line ends, the last of two entries wins. A line that is no entry is reported, and one whose
 * quote is never closed, though that one has its value, quote included.
 */
export const parseDotenv = (text: string): ParsedDotenv => {
  const source = text.replace(/\r\n?/g, '\n')
  const entries = new Map<string, string>()
  const malformed: { readonly line: number }[] = []
  const lineAt = lineCounter(source)
  let from = 0
  const skipTo = (end: number): void => {
    let position = from
    for (const line of source.slice(from, end).split('\n')) {
      if (!isNothing(line)) malformed.push({ line: lineAt(position) })
      position += line.length + 1
    }
  }
  for (const { key, raw, start, end } of entriesOf(source)) {
    skipTo(start)
    const { value, closed } = valueOf(raw)
    entries.set(key, value)
    if (!closed) malformed.push({ line: lineAt(start) })
    from = end
  }
  skipTo(source.length)
  return { entries, malformed }
}
