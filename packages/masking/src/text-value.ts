/** A stretch of a text that holds one value, and how it is quoted. */
export interface TextValueSpan {
  readonly start: number
  readonly end: number
  /** The quotes around it with their backslashes (`"`, `\"`, `'`), which are no part of the span; empty for none. */
  readonly quote: string
  readonly kind: 'quoted' | 'nested' | 'bare'
}

const quoteAt = /(\\*)(["'`])/y

/** The quote that begins at `at`, with its backslashes, or an empty text. */
const openingQuote = (text: string, at: number): string => {
  quoteAt.lastIndex = at
  return quoteAt.exec(text)?.[0] ?? ''
}

/**
 * Where the text in quotes that begins at `at` ends. A quote nested in a quoted text has more backslashes before it,
 * a backslash of the value doubles them; the closing quote has as many as the opening one, up to such doublings.
 */
export const closingQuote = (text: string, at: number, quote: string): number => {
  const mark = quote.slice(-1)
  const depth = quote.length - 1
  for (let found = text.indexOf(mark, at); found !== -1; found = text.indexOf(mark, found + 1)) {
    let backslashes = 0
    while (found - backslashes > at && text[found - backslashes - 1] === '\\') backslashes++
    if (backslashes % (2 * (depth + 1)) === depth) return found - depth
  }
  return text.length
}

/** Where the object or array that begins at `at` ends: after its last bracket, or at the end of a text cut short. */
export const closingBracket = (text: string, at: number): number => {
  const next = /\\*["']|[[\]{}]/g
  next.lastIndex = at
  let open = 0
  for (let found = next.exec(text); found; found = next.exec(text)) {
    const [token] = found
    if (token === '{' || token === '[') open++
    else if (token === '}' || token === ']') open--
    // An apostrophe inside a word opens nothing.
    else if (!/[\p{L}\p{N}]/u.test(text[found.index - 1] ?? '')) {
      next.lastIndex = closingQuote(text, next.lastIndex, token) + token.length
    }
    if (open === 0) return next.lastIndex
  }
  return text.length
}

/** What ends a value without quotes, if the text looks finished there: a value may itself hold any of these. */
const bareEnd = /\s|\\+[nrt"'`](?=$|[\s,;)}\]|&\\])|[&;,)}\]>"'`|](?=$|[\s&;,)}\]>"'`|\\]|[\w.-]+["']?\s?[=:])/g

const bareValueEnd = (text: string, start: number): number => {
  bareEnd.lastIndex = start
  return bareEnd.exec(text)?.index ?? text.length
}

const lineEnd = (text: string, start: number, wrap: string): number => {
  const ends = wrap === '' ? /[\r\n]|\\[rn]/g : /[\r\n]|\\[rn]|\\*["'`]/g
  ends.lastIndex = start
  return ends.exec(text)?.index ?? text.length
}

/** The value that begins at `at`: in quotes, in brackets, or bare. A header's value runs to the end of its line. */
export const valueAt = (text: string, at: number, header: boolean, wrap: string): TextValueSpan => {
  const quote = openingQuote(text, at)
  if (quote !== '') {
    const start = at + quote.length
    return { start, end: closingQuote(text, start, quote), quote, kind: 'quoted' }
  }
  const end = (start: number): number => (header ? lineEnd(text, start, wrap) : bareValueEnd(text, start))
  if (text[at] === '{' || text[at] === '[')
    return { start: at, end: end(closingBracket(text, at)), quote, kind: 'nested' }
  return { start: at, end: end(at), quote, kind: 'bare' }
}
