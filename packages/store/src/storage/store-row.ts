import type { Reader } from '@keyplane/database'
import { sql } from 'kysely'
import type { StoreRow, StoreTables } from './tables.ts'

/** The row that says whose store this is. */
export const storeRow = async (reader: Reader<StoreTables>): Promise<StoreRow | undefined> =>
  (await reader.all(reader.query.selectFrom('store').selectAll().compile()))[0]

/** Whether the store has a key or a secret: each has left a record when it was made. */
export const isWritten = async (reader: Reader<StoreTables>): Promise<boolean> => {
  const found = sql`select 1 as found where exists (select 1 from kms_keys) or exists (select 1 from secrets)`
  return (await reader.all(found.compile(reader.query))).length > 0
}
