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
import type { Reader } from '../ports.ts'
import { headOf, holds, sealColumns } from './audit-head.ts'
import { registeredBy } from './audit-registration.ts'
import { linkOf, storedRecordOf } from './audit-rows.ts'
import { chainRows, hasRowsBeyond, linkRows, recordRows, unregisteredChains } from './audit-table.ts'
import type { AuditChainRow, AuditTables } from './audit-tables.ts'

/** How a chain stood when it was verified. */
export interface AuditVerdict {
  /** Empty where no chain is registered. */
  readonly chainId: string
  readonly records: number
  readonly verdict: ChainVerdict
}

export interface VerifyChainsOptions {
  /**
   * What heads are sealed with. Without it, a log that was cut or rewritten by somebody who computed the hashes anew passes;
   * with it, the end of the log has to be one that was written here.
   */
  readonly auditKey?: Uint8Array | undefined
  /** Whether there is what must have left a record. Default: that is not asked. */
  readonly isWritten?: (() => Promise<boolean>) | undefined
}

/**
 * Verifies every audit chain of a database; one without any has one verdict, that it is missing. Another process may be
 * writing them: what it appends meanwhile is left out.
 */
export const verifyChains = async (
  reader: Reading,
  { auditKey, isWritten }: VerifyChainsOptions = {},
): Promise<readonly AuditVerdict[]> => {
  const chains = await readable(() => chainRows(reader))
  if (!chains) return [missingLog('The registration of the audit log holds what is never written there.')]
  const anchors = new Set<string>()
  const verdicts: AuditVerdict[] = []
  for (const [index, chain] of chains.entries())
    verdicts.push(await verifyRegistered(reader, chain, { auditKey, ...(index === 0 && { anchors, isWritten }) }))
  const strangers = verdicts[0]?.verdict.ok === true ? unanchored(chains, anchors) : []
  for (const chainId of strangers) verdicts.push(unregistered(chainId, 'that the oldest one does not tell of'))
  for (const chainId of anchors)
    if (!chains.some(({ chain_id }) => chain_id === chainId)) verdicts.push(removed(chainId))
  for (const chainId of await unregisteredChains(reader))
    if (!anchors.has(chainId)) verdicts.push(unregistered(chainId, 'whose registration has been removed'))
  return verdicts.length > 0 ? verdicts : [missingLog('There is no audit log: its registration has been removed.')]
}

/** Chains whose registration left no record in the oldest one. */
const unanchored = (chains: readonly AuditChainRow[], anchors: ReadonlySet<string>): readonly string[] =>
  chains.slice(1).flatMap(({ chain_id }) => (anchors.has(chain_id) ? [] : [chain_id]))

type Reading = Reader<AuditTables>

interface ChainChecks {
  readonly auditKey: Uint8Array | undefined
  /** For the oldest chain: takes the ids of the chains that it tells of. */
  readonly anchors?: Set<string>
  readonly isWritten?: VerifyChainsOptions['isWritten']
}

const verifyRegistered = async (reader: Reading, chain: AuditChainRow, checks: ChainChecks): Promise<AuditVerdict> => {
  const head = headOf(chain)
  const [chainId, records] = [head?.chainId ?? '', head?.records ?? 0]
  if (!head) return { chainId, records, verdict: broken('end_altered', head, 'holds what is never written there') }
  const verdict =
    (await readable(() => verifyRows(reader, head, checks))) ??
    broken('records_altered', head, 'has rows that hold what is never written there')
  return { chainId, records, verdict: verdict.ok ? (sealProblem(chain, head, checks.auditKey) ?? verdict) : verdict }
}

const verifyRows = async (
  reader: Reading,
  head: ChainHead,
  { anchors, isWritten }: ChainChecks,
): Promise<ChainVerdict> => {
  const verdict = await verifyChain(head, linksOf(reader, head), noting(recordsOf(reader, head), anchors))
  if (!verdict.ok) return verdict
  if (await hasRowsBeyond(reader, head.chainId))
    return broken('record_unexpected', head, 'has links or records behind its registered end')
  if (head.records === 0 && (await isWritten?.()))
    return broken('end_missing', head, 'is empty, but its database is not')
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
  return isSealed ? undefined : broken('end_altered', head, 'does not end where it was sealed')
}

const broken = (problem: ChainProblem, head: ChainHead | undefined, what: string): ChainVerdict => {
  const { seq: link, records: record } = head ?? { seq: 0, records: 0 }
  return { ok: false, problem, link, record, message: `The audit log ${what}.` }
}

/** The verdict of a database whose log is not there. */
export const missingLog = (message: string): AuditVerdict => ({
  chainId: '',
  records: 0,
  verdict: { ok: false, problem: 'chain_missing', link: 1, record: 1, message },
})

const unregistered = (chainId: string, which: string): AuditVerdict => ({
  chainId,
  records: 0,
  verdict: {
    ok: false,
    problem: 'chain_unregistered',
    link: 1,
    record: 1,
    message: `There are records or links of a chain ${which}.`,
  },
})

const removed = (chainId: string): AuditVerdict => ({
  ...missingLog('A chain that the oldest one tells of has been removed.'),
  chainId,
})

/** The records as they pass by, after the chains were noted that they tell of. */
async function* noting(
  records: AsyncIterable<StoredRecord>,
  anchors: Set<string> | undefined,
): AsyncGenerator<StoredRecord> {
  for await (const each of records) {
    const chainId = each.record === 'unreadable' ? undefined : registeredBy(each.record)
    if (chainId !== undefined) anchors?.add(chainId)
    yield each
  }
}

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
