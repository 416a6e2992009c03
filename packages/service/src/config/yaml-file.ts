import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type YAMLError } from 'yaml'

/** What is wrong, where. */
export interface Problem {
  readonly file: string
  /** Counts from 1. */
  readonly line: number
  readonly what: string
}

/** Where something stands in a file: keys, and places in lists. */
export type Path = readonly PropertyKey[]

/** Deeper than any configuration, and far from what recursion can bear. */
const maxDepth = 64

/** A YAML file as plain data, which knows on which line each of its members stands, and collects what is wrong with it. */
export class YamlFile {
  readonly name: string
  /** Nothing where the text is no YAML that is taken; `problems` says why. */
  readonly data: unknown
  readonly problems: Problem[] = []
  readonly #lines = new LineCounter()
  readonly #document: Document.Parsed

  constructor(text: string, name: string) {
    this.name = name
    this.#document = this.#parsed(text)
    this.data = this.problems.length === 0 ? this.#document.toJS() : undefined
  }

  /** Tells of the member at a path; of one that is not there, on the line of what it should stand in. */
  complain(path: Path, what: string): void {
    this.#tell(this.#offsetOf(path), `${toldPath(path)} ${what}`)
  }

  #parsed(text: string): Document.Parsed {
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, stringKeys: true })
    const [first] = [...document.errors, ...document.warnings]
    if (first) this.#tellOfSyntax(first)
    else this.#refuseOddities(document)
    return document
  }

  /** One: the others mostly follow from it. Only its place and code, as its message quotes the text around it. */
  #tellOfSyntax({ pos, code }: YAMLError): void {
    this.#tell(pos[0], code === 'DUPLICATE_KEY' ? 'a key is given twice' : `this is not YAML (${code})`)
  }

  /** An alias can stand for itself, or for a billion of others. */
  #refuseOddities(document: Document.Parsed): void {
    visit(document, {
      Alias: (_, { range }) => this.#tell(range?.[0] ?? 0, 'aliases are not taken; write it out'),
      Scalar: (_, { value, range }) => {
        if (value === '__proto__') this.#tell(range?.[0] ?? 0, '__proto__ is not taken')
      },
      Collection: (_, { range }, path) => {
        if (path.length <= maxDepth) return undefined
        this.#tell(range?.[0] ?? 0, 'this is nested too deep')
        return visit.BREAK
      },
    })
  }

  #offsetOf(path: Path): number {
    let node: unknown = this.#document.contents
    let offset = 0
    for (const part of path) {
      const found = memberOf(node, part)
      if (!found) break
      offset = found.offset
      node = found.value
    }
    return offset
  }

  #tell(offset: number, what: string): void {
    this.problems.push({ file: this.name, line: Math.max(1, this.#lines.linePos(offset).line), what })
  }
}

const memberOf = (node: unknown, part: PropertyKey): { offset: number; value: unknown } | undefined => {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && key.value === part)
    return pair && isScalar(pair.key) ? { offset: pair.key.range?.[0] ?? 0, value: pair.value } : undefined
  }
  const item: unknown = isSeq(node) ? node.items[Number(part)] : undefined
  return item ? { offset: (item as { range?: readonly number[] }).range?.[0] ?? 0, value: item } : undefined
}

/** `roles.readers.allow[1].tools`. */
const toldPath = (path: Path): string =>
  path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      return `${index > 0 ? '.' : ''}${String(part)}`
    })
    .join('') || 'the file'
