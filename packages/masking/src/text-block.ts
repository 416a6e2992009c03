/** What stands between a key's colon and the value on the lines below it; `|` and `>` as YAML has them. */
const blockStart = /[ \t]*([|>][-+\d]{0,2})?[ \t]*\r?\n/y
const oneWord = /([ \t]+)(?!["'[{#-])([^\s:=]+)[ \t]*(?=\r?\n|$)/y
const line = /([ \t]*)([^\r\n]*)(?:\r?\n|$)/y

const indentOf = (text: string, at: number): number => {
  const start = text.lastIndexOf('\n', at - 1) + 1
  let end = start
  // The dash of a list's item stands where blanks would.
  while (text[end] === ' ' || text[end] === '\t' || text[end] === '-') end++
  return end - start
}

/** The lines of a block that stand further in than the key, without the line end of the last. */
const blockEnd = (text: string, start: number, indent: number): number => {
  let end = start
  for (let at = start; at < text.length; at = line.lastIndex) {
    line.lastIndex = at
    const [, blanks = '', rest = ''] = line.exec(text) ?? []
    if (rest !== '' && blanks.length <= indent) break
    if (rest !== '') end = at + blanks.length + rest.length
  }
  return end
}

/**
 * The value on the lines below the colon that stands right before `at`: one indented word, or an indented block after
 * `|` or `>`. Nothing where the value is on the colon's own line or where an object or a list follows.
 */
export const valueBelow = (text: string, at: number): { readonly start: number; readonly end: number } | undefined => {
  blockStart.lastIndex = at
  const opening = blockStart.exec(text)
  if (!opening) return undefined
  const below = at + opening[0].length
  const indent = indentOf(text, at)
  if (opening[1] === undefined) {
    oneWord.lastIndex = below
    const [, blanks = '', word = ''] = oneWord.exec(text) ?? []
    const start = below + blanks.length
    return blanks.length > indent ? { start, end: start + word.length } : undefined
  }
  const end = blockEnd(text, below, indent)
  const start = below + (/^[ \t]*/.exec(text.slice(below, below + 200))?.[0].length ?? 0)
  return end > start ? { start, end } : undefined
}
