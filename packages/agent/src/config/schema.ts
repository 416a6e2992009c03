import type { AgentConfig } from './agent-config.ts'
import type { Read } from './value-readers.ts'

/** One key of the file: its default as the file would spell it, and what it sets. */
export interface Option {
  readonly kind: 'option'
  readonly default: unknown
  readonly read: Read
  readonly set: (value: never) => Partial<AgentConfig>
}

/** A table of further keys. */
export interface Section {
  readonly kind: 'section'
  readonly keys: Schema
}

/** Taken as it is and not looked into: another program's. */
export interface Foreign {
  readonly kind: 'foreign'
}

/** Refused: to take it in silence would be a promise. */
export interface Unsupported {
  readonly kind: 'unsupported'
}

export type Schema = {
  readonly [key: string]: Option | Section | Foreign | Unsupported
}

export const option = <T>(fallback: T, read: Read, set: (value: T) => Partial<AgentConfig>): Option => ({
  kind: 'option',
  default: fallback,
  read,
  set: set as Option['set'],
})

export const section = (keys: Schema): Section => ({ kind: 'section', keys })

export const foreign: Foreign = Object.freeze({ kind: 'foreign' })

export const unsupported: Unsupported = Object.freeze({ kind: 'unsupported' })
