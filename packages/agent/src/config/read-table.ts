import { nearest } from '@keyplane/core'
import type { ConfigParts } from './agent-config.ts'
import type { Rows, Schema } from './schema.ts'
import type { LineOf } from './toml-lines.ts'

/** What is wrong, where. */
export interface Problem {
  /** Lower case, as it is told. */
  readonly key: string
  readonly line: number | undefined
  readonly what: string
}

/** A table of the file, and the way to it. */
interface Place {
  readonly table: object
  /** In the file's spelling. */
  readonly path: readonly string[]
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)

/** Reads a file's table by a schema: what its keys set, in the schema's order, and everything that is wrong with it. */
export class TableReader {
  readonly problems: Problem[] = []
  readonly #lineOf: LineOf

  constructor(lineOf: LineOf) {
    this.#lineOf = lineOf
  }

  /** The parts that the table's keys set; keys that are not there set their defaults. */
  read(schema: Schema, { table, path }: Place): Partial<ConfigParts>[] {
    const given = this.#spellings({ table, path }, Object.keys(schema))
    return Object.entries(schema).flatMap(([key, spec]) => {
      const spelling = given.get(key)
      const value = spelling === undefined ? undefined : (table as Record<string, unknown>)[spelling]
      const at = [...path, spelling ?? key]
      if (spec.kind === 'foreign') return []
      if (spec.kind === 'rows') return value === undefined ? [spec.set([])] : this.#rows(spec, value, at)
      if (spec.kind === 'section') {
        if (value !== undefined && !isTable(value)) this.complain(at, 'must be a table')
        return this.read(spec.keys, { table: isTable(value) ? value : {}, path: at })
      }
      if (spelling === undefined) return [spec.set(spec.default as never)]
      const result = spec.read(value)
      if ('value' in result) return [spec.set(result.value as never)]
      this.complain(at, result.problem)
      return []
    })
  }

  complain(path: readonly string[], what: string): void {
    this.problems.push({ key: toldKey(path), line: this.#lineNear(path), what })
  }

  /** Of what is missing, the line of the table that it should stand in. */
  #lineNear(path: readonly string[]): number | undefined {
    return path.length === 0 ? undefined : (this.#lineOf(path) ?? this.#lineNear(path.slice(0, -1)))
  }

  #rows({ fields, set }: Rows, value: unknown, at: readonly string[]): Partial<ConfigParts>[] {
    if (!Array.isArray(value) || !value.every(isTable)) {
      this.complain(at, 'must be a list of tables')
      return []
    }
    return [set(value.map((row, index) => this.#row(fields, { table: row, path: [...at, String(index)] })))]
  }

  #row(fields: Rows['fields'], { table, path }: Place): Record<string, unknown> {
    const given = this.#spellings({ table, path }, Object.keys(fields))
    const entries = Object.entries(fields).flatMap(([key, { read, required }]): [string, unknown][] => {
      const spelling = given.get(key)
      if (spelling === undefined) {
        if (required) this.complain([...path, key], 'is missing')
        return []
      }
      const result = read((table as Record<string, unknown>)[spelling])
      if ('value' in result) return [[key, result.value]]
      this.complain([...path, spelling], result.problem)
      return []
    })
    return Object.fromEntries(entries)
  }

  /** The file's spelling of each key: the AWS agent takes keys in any case. What is unknown or there twice is told. */
  #spellings({ table, path }: Place, known: readonly string[]): Map<string, string> {
    const found = new Map<string, string>()
    for (const spelling of Object.keys(table)) {
      const key = spelling.toLowerCase()
      if (found.has(key)) this.complain([...path, spelling], 'is given twice')
      else if (known.includes(key)) found.set(key, spelling)
      else {
        const meant = nearest(key, known)
        this.complain([...path, spelling], `is not an option${meant === undefined ? '' : `; did you mean ${meant}?`}`)
      }
    }
    return found
  }
}

/** `prefetch.secrets[1].secret_id`. */
const toldKey = (path: readonly string[]): string =>
  path
    .map((part, index) =>
      /^\d+$/.test(part) && index > 0 ? `[${part}]` : `${index > 0 ? '.' : ''}${part.toLowerCase()}`,
    )
    .join('')
