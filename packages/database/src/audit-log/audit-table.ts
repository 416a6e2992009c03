import type { Reader } from '../ports.ts'
import { sql } from 'kysely'
import type { AuditChainRow, AuditLinkRow, AuditRecordRow, AuditTables } from './audit-tables.ts'

/** The chains that are registered, the oldest first. */
export const chainRows = (reader: Reader<AuditTables>): Promise<readonly AuditChainRow[]> =>
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
  reader: Reader<AuditTables>,
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
  reader: Reader<AuditTables>,
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

/** Whether there are links or records behind a chain's registered end, all seen at one moment. */
export const hasRowsBeyond = async (reader: Reader<AuditTables>, chainId: string): Promise<boolean> => {
  const beyond = sql<{ found: number }>`
    select 1 as found from audit_chains c where c.chain_id = ${chainId} and (
      exists (select 1 from audit_links l where l.chain_id = c.chain_id and l.seq > c.seq)
      or exists (select 1 from audit_records r where r.chain_id = c.chain_id and r.seq > c.records))`
  return (await reader.all(beyond.compile(reader.query))).length > 0
}

/** Chains that have links or records and no registration. */
export const unregisteredChains = async (reader: Reader<AuditTables>): Promise<readonly string[]> => {
  const found = sql<{ chain_id: unknown }>`
    select chain_id from (select chain_id from audit_links union select chain_id from audit_records) as found
    where chain_id not in (select chain_id from audit_chains)`
  return (await reader.all(found.compile(reader.query))).map(({ chain_id }) => String(chain_id))
}

/** The last records of a chain, in their order. */
export const lastRecordRows = async (
  reader: Reader<AuditTables>,
  chainId: string,
  limit: number,
): Promise<readonly AuditRecordRow[]> => {
  const rows = reader.query.selectFrom('audit_records').selectAll().where('chain_id', '=', chainId)
  return (await reader.all(rows.orderBy('seq', 'desc').limit(limit).compile())).toReversed()
}
