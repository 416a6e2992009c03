import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ChainHead,
  type ChainLink,
  type ChainVerdict,
  newChain,
  type StoredRecord,
  verifyChain,
} from '@keyplane/audit'
import type { AuditRecord } from '@keyplane/core'
import { auditFilesIn } from './agent-audit-file.ts'

/** What one file holds. */
export interface ReadAuditFile {
  readonly chainId: string
  readonly links: readonly ChainLink[]
  readonly records: readonly StoredRecord[]
  /** Lines behind the last link: a process that was killed did not seal them. */
  readonly unsealed: number
}

/** How a file's chain stands. */
export interface AuditFileVerdict {
  readonly file: string
  readonly records: number
  readonly unsealed: number
  readonly verdict: ChainVerdict
}

const bytesOf = (text: unknown): Uint8Array => Buffer.from(typeof text === 'string' ? text : '', 'hex')

const parsed = (line: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const linkOf = (value: Readonly<Record<string, unknown>>): ChainLink => ({
  chainId: String(value['chainId']),
  seq: Number(value['seq']),
  firstRecord: Number(value['firstRecord']),
  recordCount: Number(value['recordCount']),
  recordsHash: bytesOf(value['recordsHash']),
  previousHash: bytesOf(value['previousHash']),
  hash: bytesOf(value['hash']),
})

/** Reads a file's lines; one that is none is a record that can't be read, and so breaks its chain where it is sealed. */
export const readAuditFile = (text: string): ReadAuditFile => {
  const links: ChainLink[] = []
  const records: StoredRecord[] = []
  let [chainId, unsealed] = ['', 0]
  for (const line of text.split('\n')) {
    if (line === '') continue
    const value = parsed(line)
    if (typeof value?.['chain'] === 'string' && chainId === '') chainId = value['chain']
    else if (typeof value?.['link'] === 'object' && value['link'] !== null) {
      links.push(linkOf(value['link'] as Readonly<Record<string, unknown>>))
      unsealed = 0
    } else {
      const record = value?.['record'] as AuditRecord | undefined
      records.push({ seq: records.length + 1, record: record ?? 'unreadable' })
      unsealed += 1
    }
  }
  return { chainId, links, records: records.slice(0, records.length - unsealed), unsealed }
}

const endOf = ({ chainId, links }: ReadAuditFile): ChainHead => {
  const last = links.at(-1)
  if (!last) return newChain(chainId)
  return { chainId, seq: last.seq, records: last.firstRecord + last.recordCount - 1, hash: last.hash }
}

/** The end of the chain before, as the next one's first record names it. */
const namedEnd = (
  file: ReadAuditFile,
): { readonly chainId: string; readonly seq: number; readonly hash: string } | undefined => {
  const first = file.records[0]?.record
  const detail = first === undefined || first === 'unreadable' ? undefined : first.detail
  return detail && { chainId: detail['before'] ?? '', seq: Number(detail['link']), hash: detail['hash'] ?? '' }
}

const failed = (problem: 'end_missing' | 'chain_missing', link: number, message: string): ChainVerdict => ({
  ok: false,
  problem,
  link,
  record: 0,
  message,
})

/** What is wrong with the chain that a file names as the one before it; nothing where its links are as they were named. */
const problemBefore = (
  file: ReadAuditFile,
  hashes: ReadonlyMap<string, readonly string[]>,
): ChainVerdict | undefined => {
  const named = namedEnd(file)
  if (!named) return undefined
  const before = hashes.get(named.chainId)
  if (!before) return failed('chain_missing', 1, `The chain ${named.chainId} before it is not there.`)
  // It may go on behind that link: another agent writes it.
  if (before[named.seq - 1] === named.hash) return undefined
  return failed('end_missing', named.seq, `The chain ${named.chainId} before it has no such link ${named.seq}.`)
}

/** Whether each chain of a folder is whole, and follows one that began before it. */
export const verifyAuditFolder = async (folder: string): Promise<AuditFileVerdict[]> => {
  const verdicts: AuditFileVerdict[] = []
  const hashes = new Map<string, readonly string[]>()
  for (const name of auditFilesIn(folder)) {
    const file = readAuditFile(readFileSync(join(folder, name), 'utf8'))
    let verdict = await verifyChain(endOf(file), file.links, file.records)
    if (file.links.length === 0) verdict = failed('end_missing', 1, 'It holds no chain.')
    if (verdict.ok) verdict = problemBefore(file, hashes) ?? verdict
    verdicts.push({ file: name, records: file.records.length, unsealed: file.unsealed, verdict })
    hashes.set(
      file.chainId,
      file.links.map(({ hash }) => Buffer.from(hash).toString('hex')),
    )
  }
  return verdicts
}
