import { Buffer } from 'node:buffer'
import { SecretsError } from '@keyplane/core'
import type { CustomTypesConfig } from 'pg'

const safeInteger = (text: string): number => {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new SecretsError('integrity', 'The database holds a number that the store never writes.', {
    cause: new RangeError('A number is beyond those that are kept exactly.'),
  })
}

/** A copy: a Buffer may lie in memory that others lie in too. */
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), 'hex'))

const asIs = (text: string): string => text

/** By PostgreSQL's numbers for its types. @see https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  17: bytes,
  20: safeInteger,
  21: Number,
  23: Number,
  700: Number,
  701: Number,
}

/** Columns as SQLite gives them: numbers for numbers, plain bytes for bytes, and text for all else. */
export const columnTypes: CustomTypesConfig = {
  getTypeParser: ((id: number) => parsers[id] ?? asIs) as unknown as CustomTypesConfig['getTypeParser'],
}
