import { Buffer } from 'node:buffer'
import { SecretsError } from '@keyplane/core'
import pg from 'pg'

/** PostgreSQL's numbers for its types. @see https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const oid = { int8: 20, bytea: 17 } as const

const safeInteger = (text: string): number => {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new SecretsError('integrity', 'The database holds a number that the store never writes.', {
    cause: new RangeError('A number is beyond those that are kept exactly.'),
  })
}

/** A copy: a Buffer may lie in memory that others lie in too. */
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), 'hex'))

/** Columns as SQLite gives them: numbers for integers, plain bytes for bytes. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: ((id: number, format: 'text' | 'binary' = 'text') => {
    if (format === 'text' && id === oid.int8) return safeInteger
    if (format === 'text' && id === oid.bytea) return bytes
    return pg.types.getTypeParser(id, format as 'text')
  }) as pg.CustomTypesConfig['getTypeParser'],
}
