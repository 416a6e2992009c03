/** Where a key stands in a TOML text: its path in the file's own spelling, tables of a list by their number from 0. */
export type LineOf = (path: readonly string[]) => number | undefined

const bareKey = /^[A-Za-z0-9_-]+/
const basicKey = /^"(?:[^"\\]|\\.)*"/
const literalKey = /^'[^']*'/

/**
 * The lines of a TOML text's keys and tables, from 1. The text has to be valid TOML: it is read no further than to tell
 * where a key begins. A path that is not written out (`a` of `[a.b]`) has the line of the first that begins with it.
 */
export const tomlLines = (text: string): LineOf => {
  const lines = new Map<string, number>()
  const note = (path: readonly string[], line: number): void => {
    for (let length = 1; length <= path.length; length += 1) {
      const key = keyOf(path.slice(0, length))
      if (!lines.has(key)) lines.set(key, line)
    }
  }
  const counts = new Map<string, number>()
  let table: readonly string[] = []
  let value: readonly string[] = []
  let open: Open = closed
  text.split(/\r?\n/).forEach((row, index) => {
    const onTable = (number: number): void => note([...value, String(number)], index + 1)
    if (open.depth > 0 || open.quote !== undefined) {
      open = readValue(row, open, onTable)
      return
    }
    const header = /^\s*(\[\[?)(.*)$/.exec(row)
    if (header) {
      const path = readPath(header[2] ?? '').path
      table = header[1] === '[[' ? numbered(path, counts) : withNumbers(path, counts)
      note(table, index + 1)
      return
    }
    const { path, rest } = readPath(row)
    if (path.length === 0) return
    value = [...table, ...path]
    note(value, index + 1)
    open = readValue(rest.replace(/^\s*=/, ''), closed, onTable)
  })
  return (path) => lines.get(keyOf(path))
}

const keyOf = (path: readonly string[]): string => JSON.stringify(path)

/** The next table of a list. */
const numbered = (path: readonly string[], counts: Map<string, number>): string[] => {
  const list = [...withNumbers(path.slice(0, -1), counts), ...path.slice(-1)]
  const number = (counts.get(keyOf(list)) ?? -1) + 1
  counts.set(keyOf(list), number)
  return [...list, String(number)]
}

/** A table below a list's last table belongs to that one. */
const withNumbers = (path: readonly string[], counts: ReadonlyMap<string, number>): string[] => {
  const whole: string[] = []
  for (const part of path) {
    whole.push(part)
    const number = counts.get(keyOf(whole))
    if (number !== undefined) whole.push(String(number))
  }
  return whole
}

const readPath = (row: string): { readonly path: string[]; readonly rest: string } => {
  const path: string[] = []
  let rest = row.trimStart()
  for (;;) {
    const quoted = basicKey.exec(rest) ?? literalKey.exec(rest)
    const key = quoted ?? bareKey.exec(rest)
    if (!key) return { path, rest }
    path.push(quoted ? unquoted(quoted[0]) : key[0])
    rest = rest.slice(key[0].length).trimStart()
    if (!rest.startsWith('.')) return { path, rest }
    rest = rest.slice(1).trimStart()
  }
}

const unquoted = (key: string): string => {
  if (key.startsWith("'")) return key.slice(1, -1)
  try {
    return String(JSON.parse(key))
  } catch {
    // An escape that JSON does not have: its line is not told.
    return key
  }
}

/** What a value leaves open at a line's end: brackets, or a text of several lines. */
interface Open {
  readonly depth: number
  /** Tables of a list that have begun. */
  readonly tables: number
  readonly quote?: '"""' | "'''"
}

const closed: Open = { depth: 0, tables: 0 }

const readValue = (row: string, before: Open, onTable: (number: number) => void): Open => {
  let { depth, tables, quote } = before
  for (let at = 0; at < row.length; at += 1) {
    if (quote !== undefined) {
      if (quote === '"""' && row[at] === '\\') at += 1
      else if (row.startsWith(quote, at)) {
        at += 2
        quote = undefined
      }
      continue
    }
    const three = row.slice(at, at + 3)
    const single = /^(?:"(?:[^"\\]|\\.)*"|'[^']*')/.exec(row.slice(at))
    if (three === '"""' || three === "'''") {
      quote = three
      at += 2
    } else if (single) at += single[0].length - 1
    else if (row[at] === '#') break
    else if (row[at] === '[' || row[at] === '{') {
      if (row[at] === '{' && depth === 1) {
        onTable(tables)
        tables += 1
      }
      depth += 1
    } else if (row[at] === ']' || row[at] === '}') depth -= 1
  }
  return { depth, tables, ...(quote !== undefined && { quote }) }
}
