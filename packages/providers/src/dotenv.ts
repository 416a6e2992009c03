/** What a dotenv file says, and which of its lines say nothing that can be understood. */
export interface ParsedDotenv {
  readonly entries: ReadonlyMap<string, string>
  /** Lines count from 1. Their content is left out: it may be half a secret. */
  readonly malformed: readonly { readonly line: number }[]
}

/**
 * One entry of a file, as the dotenv package has it.
 * @see https://github.com/motdotla/dotenv (BSD-2-Clause), `LINE` in its parser
 */
const entry =
  /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/gm

const quotes = /^(['"`])([\s\S]*)\1$/gm

const valueOf = (raw: string): { readonly value: string; readonly closed: boolean } => {
  const trimmed = raw.trim()
  const bare = trimmed.replace(quotes, '$2')
  const closed = !/^['"`]/.test(trimmed) || bare !== trimmed
  return { value: trimmed.startsWith('"') ? bare.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : bare, closed }
}

/** Counts lines on the way through a text; positions only go up. */
const lineCounter = (text: string): ((position: number) => number) => {
  let line = 1
  let counted = 0
  return (position) => {
    for (let at = text.indexOf('\n', counted); at !== -1 && at < position; at = text.indexOf('\n', counted)) {
      line++
      counted = at + 1
    }
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
  for (const found of source.matchAll(entry)) {
    const [whole, key = '', raw = ''] = found
    skipTo(found.index)
    const { value, closed } = valueOf(raw)
    entries.set(key, value)
    const start = found.index + whole.length - whole.trimStart().length
    if (!closed) malformed.push({ line: lineAt(start) })
    from = found.index + whole.length
  }
  skipTo(source.length)
  return { entries, malformed }
}
