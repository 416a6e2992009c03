import type { Reader } from '@keyplane/database'
import { sql } from 'kysely'
import type { AuditChainRow, AuditLinkRow, AuditRecordRow, StoreRow, StoreTables } from './tables.ts'

/** The chains that are registered, the oldest first. */
export const chainRows = (reader: Reader<StoreTables>): Promise<readonly AuditChainRow[]> =>
  reader.all(
    reader.query.selectFrom('audit_chains').selectAll().orderBy('registered_at_ms').orderBy('chain_id').compile(),
  )

/** A part of a chain: what is behind `after`, at most `limit` rows. */
export interface ChainPage {
  readonly chainId: string
  readonly after: number
  readonly limit: number
}

export const linkRows = (
  reader: Reader<StoreTables>,
  { chainId, after, limit }: ChainPage,
): Promise<readonly AuditLinkRow[]> =>
  reader.all(
    reader.query
      .selectFrom('audit_links')
      .selectAll()
      .where('chain_id', '=', chainId)
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(limit)
      .compile(),
  )

export const recordRows = (
  reader: Reader<StoreTables>,
  { chainId, after, limit }: ChainPage,
): Promise<readonly AuditRecordRow[]> =>
  reader.all(
    reader.query
      .selectFrom('audit_records')
      .selectAll()
      .where('chain_id', '=', chainId)
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(limit)
      .compile(),
  )

export const storeRow = async (reader: Reader<StoreTables>): Promise<StoreRow | undefined> =>
  (await reader.all(reader.query.selectFrom('store').selectAll().compile()))[0]

/** Whether there are links or records behind a chain's registered end, all seen at one moment. */
export const hasRowsBeyond = async (reader: Reader<StoreTables>, chainId: string): Promise<boolean> => {
  const beyond = sql<{ found: number }>`
    select 1 as found from audit_chains c where c.chain_id = ${chainId} and (
      exists (select 1 from audit_links l where l.chain_id = c.chain_id and l.seq > c.seq)
      or exists (select 1 from audit_records r where r.chain_id = c.chain_id and r.seq > c.records))`
  return (await reader.all(beyond.compile(reader.query))).length > 0
}

/** Chains that have links or records and no registration. */
export const unregisteredChains = async (reader: Reader<StoreTables>): Promise<readonly string[]> => {
  const found = sql<{ chain_id: unknown }>`
    select chain_id from (select chain_id from audit_links union select chain_id from audit_records) as found
    where chain_id not in (select chain_id from audit_chains)`
  return (await reader.all(found.compile(reader.query))).map(({ chain_id }) => String(chain_id))
}

/** Whether the store has a key or a secret. */
export const isWritten = async (reader: Reader<StoreTables>): Promise<boolean> => {
  const found = sql`select 1 as found where exists (select 1 from kms_keys) or exists (select 1 from secrets)`
  return (await reader.all(found.compile(reader.query))).length > 0
}

/** The last records of a chain, in their order. */
export const lastRecordRows = async (
  reader: Reader<StoreTables>,
  chainId: string,
  limit: number,
): Promise<readonly AuditRecordRow[]> => {
  const rows = reader.query.selectFrom('audit_records').selectAll().where('chain_id', '=', chainId)
  return (await reader.all(rows.orderBy('seq', 'desc').limit(limit).compile())).toReversed()
}
