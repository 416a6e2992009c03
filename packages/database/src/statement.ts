import type { SqlValue, Statement } from './ports.ts'
import type { CompiledQuery } from 'kysely'

/** A compiled query as a statement for the writer, with the number of rows that it must change. */
export const statement = ({ sql, parameters }: CompiledQuery<unknown>, expectRows?: number): Statement => ({
  sql,
  parameters: parameters as readonly SqlValue[],
  ...(expectRows !== undefined && { expectRows }),
})
