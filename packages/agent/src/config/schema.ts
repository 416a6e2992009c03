import type { ConfigParts } from './agent-config.ts'
import type { Read } from './value-readers.ts'

/** One key of the file: its default as the file would spell it, and what it sets. */
export interface Option {
  readonly kind: 'option'
  readonly default: unknown
  readonly read: Read
  readonly set: (value: never) => Partial<ConfigParts>
}

/** A table of further keys. */
export interface Section {
  readonly kind: 'section'
  readonly keys: Schema
}

/** A list of tables, each with the same fields: some required, some not. */
export interface Rows {
  readonly kind: 'rows'
  readonly fields: Readonly<Record<string, { readonly read: Read; readonly required: boolean }>>
  readonly set: (rows: readonly Readonly<Record<string, unknown>>[]) => Partial<ConfigParts>
}

/** Taken as it is and not looked into: another program's. */
export interface Foreign {
  readonly kind: 'foreign'
}

export type Schema = {
  readonly [key: string]: Option | Section | Rows | Foreign
}

export const option = <T>(fallback: T, read: Read, set: (value: T) => Partial<ConfigParts>): Option => ({
  kind: 'option',
  default: fallback,
  read,
  set: set as Option['set'],
})

export const section = (keys: Schema): Section => ({ kind: 'section', keys })

export const foreign: Foreign = Object.freeze({ kind: 'foreign' })
