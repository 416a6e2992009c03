import { maskJsonBytes } from './json-bytes.ts'
import { isSecret, isSecretPair, type KeyRules, type Verdict } from './key-rules.ts'
import { mask } from './mask.ts'
import { closingBracket, closingQuote } from './text-value.ts'

/** What may stand between the texts of a line of JSON. */
const betweenTexts = /^(?:[\s{}[\],:]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)*$/
const literalEnd = /[,}\]\s]|$/g

const readGap = (gap: string): string => {
  if (gap === ':' || gap === ',' || betweenTexts.test(gap)) return gap
  throw new SyntaxError('not a line of JSON')
}

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

const skipBlanks = (line: string, start: number): number => {
  let at = start
  while (line[at] === ' ' || line[at] === '\n' || line[at] === '\r' || line[at] === '\t') at++
  return at
}

const textOf = (json: string): string => (json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1))

const endsPairStart = /[[,]\s{0,200}\[\s{0,200}$/

/**
 * Where the second text of a list of two begins and ends, if the first, which ends at `end`, is a secret name and the
 * list stands in a list: `[["x-api-key","…"]]`.
 */
const secretPairText = (
  line: string,
  at: number,
  end: number,
  rules: KeyRules,
): readonly [number, number] | undefined => {
  const comma = skipBlanks(line, end)
  if (line[comma] !== ',' || !endsPairStart.test(line.slice(Math.max(0, at - 402), at))) return undefined
  const start = skipBlanks(line, comma + 1)
  if (line[start] !== '"') return undefined
  const stop = closingQuote(line, start + 1, '"') + 1
  if (line[skipBlanks(line, stop)] !== ']') return undefined
  return isSecretPair(rules, textOf(line.slice(at, end)), textOf(line.slice(start, stop))) ? [start, stop] : undefined
}

const maskString = (json: string, maskText: (text: string) => string): string => {
  if (json.length < 2 || !json.endsWith('"')) throw new SyntaxError('not a line of JSON')
  const plain = !json.includes('\\')
  const text = plain ? json.slice(1, -1) : (JSON.parse(json) as string)
  const shown = maskText(text)
  return shown === text ? json : JSON.stringify(shown)
}

/** Goes from quote to quote; what is not a text is only looked at if its key says so. */
const maskJson = (line: string, rules: KeyRules, maskText: (text: string) => string): string => {
  let shown = ''
  let from = 0
  for (let at = line.indexOf('"'); at !== -1; at = line.indexOf('"', from)) {
    const end = valueEnd(line, at)
    const text = line.slice(at, end)
    shown += readGap(line.slice(from, at)) + maskString(text, maskText)
    from = end
    const pair = secretPairText(line, at, end, rules)
    if (pair) {
      shown += `${readGap(line.slice(end, pair[0]))}"${mask}"`
      from = pair[1]
      continue
    }
    const colon = skipBlanks(line, end)
    if (line[colon] !== ':') continue
    const verdict = rules(textOf(text))
    const start = skipBlanks(line, colon + 1)
    const stop = secretEnd(line, start, verdict)
    if (stop === -1) continue
    shown += `${line.slice(end, start)}"${mask}"`
    from = stop
  }
  return shown + readGap(line.slice(from))
}

/**
 * Masks a line that is ready to be written: a line of JSON field by field, whatever put the fields there, any other
 * line as free text. JSON stays JSON.
 */
export const createLineMasker =
  (rules: KeyRules, maskText: (text: string) => string): ((line: string) => string) =>
  (line) => {
    if (!line.startsWith('{')) return maskText(line)
    try {
      return maskJson(maskJsonBytes(line, maskText), rules, maskText)
    } catch {
      // Not JSON after all, or cut short: nothing is let through unread.
      return maskText(line)
    }
  }
