import {
  type ChainHead,
  type ChainLink,
  type ChainProblem,
  type ChainVerdict,
  hashHead,
  type StoredRecord,
  verifyChain,
} from '@keyplane/audit'
import { SecretsError } from '@keyplane/core'
import type { Reader } from '@keyplane/database'
import type { RootKeySource } from '@keyplane/sealing'
import { auditKeyOf, headOf, holds, sealColumns } from './storage/audit-head.ts'
import { linkOf, storedRecordOf } from './storage/audit-rows.ts'
import {
  chainRows,
  hasRowsBeyond,
  isWritten,
  linkRows,
  readingAudit,
  recordRows,
  storeRow,
  unregisteredChains,
} from './storage/audit-table.ts'
import type { AuditChainRow, StoreTables } from './storage/tables.ts'

export interface VerifyAuditOptions {
  readonly databasePath: string
  /**
   * The store's root key. Without it, a log that was cut or rewritten by somebody who computed the hashes anew passes;
   * with it, the end of the log has to be one that the store wrote.
   */
  readonly rootKey?: RootKeySource
}

/** How a chain stood when it was verified. */
export interface AuditVerdict {
  /** Empty where no chain is registered. */
  readonly chainId: string
  readonly records: number
  readonly verdict: ChainVerdict
}

/**
 * Verifies every audit chain of a store; a store without one has one verdict, that it is missing. Another process may
 * be writing them: what it appends meanwhile is left out.
 * @throws SecretsError what `rootKey` says, `source_misconfigured` (`wrong_root_key`), `integrity` (`damaged`).
 */
export const verifyAudit = ({ databasePath, rootKey }: VerifyAuditOptions): Promise<readonly AuditVerdict[]> =>
  readingAudit(databasePath, async (reader) => {
    const auditKey = rootKey && (await auditKeyIn(reader, rootKey))
    if (auditKey === 'missing') return [missing('The row that says whose store this is has been removed.')]
    const chains = await readable(() => chainRows(reader))
    if (!chains) return [missing('The registration of the audit log holds what the store never writes.')]
    const verdicts: AuditVerdict[] = []
    for (const chain of chains) verdicts.push(await verifyRegistered(reader, chain, auditKey))
    for (const chainId of await unregisteredChains(reader)) verdicts.push(unregistered(chainId))
    return verdicts.length > 0 ? verdicts : [missing('There is no audit log: its registration has been removed.')]
  })

type Reading = Reader<StoreTables>

const auditKeyIn = async (reader: Reading, rootKey: RootKeySource): Promise<Uint8Array | 'missing'> => {
  const store = await storeRow(reader)
  return store ? auditKeyOf(await rootKey.open(store.root_key_descriptor), store) : 'missing'
}

const verifyRegistered = async (
  reader: Reading,
  chain: AuditChainRow,
  auditKey: Uint8Array | undefined,
): Promise<AuditVerdict> => {
  const head = headOf(chain)
  const [chainId, records] = [head?.chainId ?? '', head?.records ?? 0]
  if (!head) return { chainId, records, verdict: broken('end_altered', head, 'holds what the store never writes') }
  const verdict =
    (await readable(() => verifyRows(reader, head))) ??
    broken('records_altered', head, 'has rows that hold what the store never writes')
  return { chainId, records, verdict: verdict.ok ? (sealProblem(chain, head, auditKey) ?? verdict) : verdict }
}

const verifyRows = async (reader: Reading, head: ChainHead): Promise<ChainVerdict> => {
  const verdict = await verifyChain(head, linksOf(reader, head), recordsOf(reader, head))
  if (!verdict.ok) return verdict
  if (await hasRowsBeyond(reader, head.chainId))
    return broken('record_unexpected', head, 'has links or records behind its registered end')
  // Each secret and each key has left a record when it was made.
  if (head.records === 0 && (await isWritten(reader)))
    return broken('end_missing', head, 'is empty, but the store is not')
  return verdict
}

const sealProblem = (
  row: AuditChainRow,
  head: ChainHead,
  auditKey: Uint8Array | undefined,
): ChainVerdict | undefined => {
  if (row.head_hash === undefined || row.head_hash === null)
    return broken('end_altered', head, 'is not sealed; if an earlier version wrote it, start the store once')
  const isSealed =
    holds(row.head_hash, hashHead(head)) &&
    (auditKey === undefined || holds(row.head_mac, sealColumns(head, auditKey).head_mac))
  return isSealed ? undefined : broken('end_altered', head, 'does not end where the store has sealed it')
}

const broken = (problem: ChainProblem, head: ChainHead | undefined, what: string): ChainVerdict => {
  const { seq: link, records: record } = head ?? { seq: 0, records: 0 }
  return { ok: false, problem, link, record, message: `The audit log ${what}.` }
}

const missing = (message: string): AuditVerdict => ({
  chainId: '',
  records: 0,
  verdict: { ok: false, problem: 'chain_missing', link: 1, record: 1, message },
})

const unregistered = (chainId: string): AuditVerdict => ({
  chainId,
  records: 0,
  verdict: {
    ok: false,
    problem: 'chain_unregistered',
    link: 1,
    record: 1,
    message: 'There are records or links of a chain whose registration has been removed.',
  },
})

/** What is read, if JavaScript can take it: SQLite keeps greater integers. */
const readable = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await read()
  } catch (error) {
    if (error instanceof SecretsError && error.cause instanceof RangeError) return undefined
    throw error
  }
}

const pageSize = 500

async function* linksOf(reader: Reading, { chainId, seq }: ChainHead): AsyncGenerator<ChainLink> {
  for await (const row of paged((after) => linkRows(reader, { chainId, after, limit: pageSize }))) {
    if (row.seq > seq) return
    yield linkOf(row)
  }
}

async function* recordsOf(reader: Reading, { chainId, records }: ChainHead): AsyncGenerator<StoredRecord> {
  for await (const row of paged((after) => recordRows(reader, { chainId, after, limit: pageSize }))) {
    if (row.seq > records) return
    yield storedRecordOf(row)
  }
}

async function* paged<Row extends { readonly seq: number }>(
  page: (after: number) => Promise<readonly Row[]>,
): AsyncGenerator<Row> {
  let after: number | undefined = Number.MIN_SAFE_INTEGER
  while (after !== undefined) {
    const rows: readonly Row[] = await page(after)
    yield* rows
    after = rows.at(-1)?.seq
  }
}
