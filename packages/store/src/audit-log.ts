import { type ChainHead, type ChainLink, type ChainVerdict, type NumberedRecord, verifyChain } from '@keyplane/audit'
import { openSqlite, type Reader, sqliteReader } from '@keyplane/database'
import type { AuditChainRow, AuditLinkRow, AuditRecordRow, StoreTables } from './storage/tables.ts'

export interface AuditTailOptions {
  readonly databasePath: string
  /** Records at most; 1–10,000. Default 100. */
  readonly limit?: number
  /** Only records behind this number, the oldest of them first; absent: the newest. */
  readonly after?: number
}

/** Records of a store's audit log, the oldest first. Another process may be writing it. */
export const auditTail = ({ databasePath, limit = 100, after }: AuditTailOptions): Promise<readonly NumberedRecord[]> =>
  reading(databasePath, async (reader) => {
    const [chain] = await chains(reader)
    if (!chain) return []
    const bounded = Math.min(Math.max(Math.floor(limit), 1), 10_000)
    const from = after ?? Math.max(0, chain.records - bounded)
    return (await recordRows(reader, chain.chain_id, from, bounded)).map(recordOf)
  })

/** How a chain stood when it was verified. */
export interface AuditVerdict {
  readonly chainId: string
  readonly records: number
  readonly verdict: ChainVerdict
}

/** Verifies every audit chain of a store. Another process may be writing them: what it appends meanwhile is left out. */
export const verifyAudit = ({ databasePath }: { readonly databasePath: string }): Promise<readonly AuditVerdict[]> =>
  reading(databasePath, async (reader) => {
    const verdicts: AuditVerdict[] = []
    for (const chain of await chains(reader)) {
      const { chain_id: chainId, seq, records, hash } = chain
      const verdict = await verifyOne(reader, { chainId, seq, records, hash })
      verdicts.push({ chainId, records, verdict })
    }
    return verdicts
  })

const verifyOne = async (reader: Reader<StoreTables>, head: ChainHead): Promise<ChainVerdict> => {
  const links = linksOf(reader, head)
  const verdict = await verifyChain(head, links, recordsOf(reader, head))
  if (!verdict.ok) return verdict
  const [[chain], [link], [record]] = await reader.snapshot([
    reader.query.selectFrom('audit_chains').selectAll().where('chain_id', '=', head.chainId).compile(),
    lastOf(reader, 'audit_links', head.chainId),
    lastOf(reader, 'audit_records', head.chainId),
  ])
  const beyond = (link?.seq ?? 0) > (chain?.seq ?? 0) || (record?.seq ?? 0) > (chain?.records ?? 0)
  return beyond
    ? {
        ok: false,
        problem: 'record_unexpected',
        link: head.seq,
        record: head.records,
        message: 'There are records behind the registered end of the chain.',
      }
    : verdict
}

const lastOf = ({ query }: Reader<StoreTables>, table: 'audit_links' | 'audit_records', chainId: string) =>
  query.selectFrom(table).select('seq').where('chain_id', '=', chainId).orderBy('seq', 'desc').limit(1).compile()

const reading = async <T>(path: string, act: (reader: Reader<StoreTables>) => Promise<T>): Promise<T> => {
  const reader = sqliteReader<StoreTables>(openSqlite({ path, mode: 'read', check: 'header' }), path)
  try {
    return await act(reader)
  } finally {
    await reader.close()
  }
}

const chains = (reader: Reader<StoreTables>): Promise<readonly AuditChainRow[]> =>
  reader.all(reader.query.selectFrom('audit_chains').selectAll().orderBy('registered_at_ms').compile())

const pageSize = 500

async function* linksOf(reader: Reader<StoreTables>, { chainId, seq }: ChainHead): AsyncGenerator<ChainLink> {
  const page = (after: number): Promise<readonly AuditLinkRow[]> =>
    reader.all(
      reader.query
        .selectFrom('audit_links')
        .selectAll()
        .where('chain_id', '=', chainId)
        .where('seq', '>', after)
        .where('seq', '<=', seq)
        .orderBy('seq')
        .limit(pageSize)
        .compile(),
    )
  for (let rows = await page(Number.MIN_SAFE_INTEGER); rows.length > 0; rows = await page(rows.at(-1)?.seq ?? seq))
    for (const row of rows) yield linkOf(row)
}

async function* recordsOf(
  reader: Reader<StoreTables>,
  { chainId, records }: ChainHead,
): AsyncGenerator<NumberedRecord> {
  let after = Number.MIN_SAFE_INTEGER
  for (;;) {
    const rows = await recordRows(reader, chainId, after, pageSize)
    for (const row of rows) {
      if (row.seq > records) return
      yield recordOf(row)
      after = row.seq
    }
    if (rows.length < pageSize) return
  }
}

const recordRows = (
  reader: Reader<StoreTables>,
  chainId: string,
  after: number,
  limit: number,
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

const linkOf = (row: AuditLinkRow): ChainLink => ({
  chainId: row.chain_id,
  seq: row.seq,
  firstRecord: row.first_record,
  recordCount: row.record_count,
  recordsHash: row.records_hash,
  previousHash: row.previous_hash,
  hash: row.hash,
})

const recordOf = (row: AuditRecordRow): NumberedRecord => {
  const { seq, at_ms, actor, action, resource, decision, request_id, detail } = row
  const facts = detail === null ? undefined : (JSON.parse(detail) as Record<string, string>)
  const record = { atMs: at_ms, actor, action, resource, decision, requestId: request_id }
  return { seq, record: facts === undefined ? record : { ...record, detail: facts } }
}
