import { Buffer } from 'node:buffer'
import type { AuditRecord } from '@keyplane/core'
import { type ChainHead, type ChainLink, hashLink, hashRecords, newChain } from './chain.ts'

/** A stored record with its number in the chain. */
export interface NumberedRecord {
  readonly seq: number
  readonly record: AuditRecord
}

/** A stored record as it is verified: one that cannot be read for what was written is `unreadable`. */
export interface StoredRecord {
  readonly seq: number
  readonly record: AuditRecord | 'unreadable'
}

export type ChainProblem =
  | 'record_missing'
  | 'record_unexpected'
  | 'records_altered'
  | 'link_missing'
  | 'link_altered'
  | 'end_missing'
  /** The registered end is not the one that was sealed. */
  | 'end_altered'
  /** No chain is registered where there has to be one. */
  | 'chain_missing'
  /** There are links or records of a chain that is not registered. */
  | 'chain_unregistered'

export type ChainVerdict =
  | { readonly ok: true; readonly head: ChainHead }
  | {
      readonly ok: false
      readonly problem: ChainProblem
      /** The link at which it shows. */
      readonly link: number
      /** The first record that it may concern. */
      readonly record: number
      readonly message: string
    }

type Sequence<T> = Iterable<T> | AsyncIterable<T>

/**
 * Whether a chain is whole, and if not, what is wrong first and where. Links and records come in the order of their
 * numbers and are read once, a batch at a time, so a chain of any length fits in memory.
 *
 * `head` is what the chain's registration says, or one that was noted elsewhere: without it a cut end does not show.
 */
export const verifyChain = async (
  head: ChainHead,
  links: Sequence<ChainLink>,
  records: Sequence<StoredRecord>,
): Promise<ChainVerdict> => {
  const reader = recordReader(records)
  let at = newChain(head.chainId)
  for await (const link of links) {
    const problem = linkProblem(at, link) ?? (await recordsProblem(link, reader))
    if (problem) return problem
    at = { chainId: link.chainId, seq: link.seq, records: at.records + link.recordCount, hash: link.hash }
  }
  const left = await reader.next()
  if (left) return bad('record_unexpected', at.seq + 1, left.seq, 'belongs to no link')
  if (at.seq < head.seq)
    return bad('end_missing', at.seq + 1, at.records + 1, `and all after it, to ${head.seq}, are gone`)
  if (at.seq > head.seq || at.records !== head.records || !same(at.hash, head.hash))
    return bad('link_altered', at.seq, at.records, 'is not the one that the chain was registered to end with')
  return { ok: true, head: at }
}

const linkProblem = (at: ChainHead, link: ChainLink): ChainVerdict | undefined => {
  const expected = at.seq + 1
  if (link.seq !== expected) return bad('link_missing', expected, at.records + 1, 'is missing or out of its place')
  const holds =
    link.chainId === at.chainId &&
    link.firstRecord === at.records + 1 &&
    same(link.previousHash, at.hash) &&
    same(link.hash, hashLink(link))
  return holds
    ? undefined
    : bad('link_altered', link.seq, at.records + 1, 'was altered, or does not follow the one before')
}

const recordsProblem = async (link: ChainLink, reader: RecordReader): Promise<ChainVerdict | undefined> => {
  const batch: AuditRecord[] = []
  const end = link.firstRecord + link.recordCount
  for (let seq = link.firstRecord; seq < end; seq += 1) {
    const numbered = await reader.next()
    if (numbered === undefined || numbered.seq > seq) return bad('record_missing', link.seq, seq, 'lost a record')
    if (numbered.seq < seq)
      return bad('record_unexpected', link.seq, numbered.seq, 'has a record twice or out of place')
    if (numbered.record === 'unreadable') return bad('records_altered', link.seq, seq, 'has an edited record')
    batch.push(numbered.record)
  }
  if (same(hashRecords(batch), link.recordsHash)) return undefined
  return bad(
    'records_altered',
    link.seq,
    link.firstRecord,
    `has an edited or reordered record, in ${link.firstRecord}–${end - 1}`,
  )
}

const bad = (problem: ChainProblem, link: number, record: number, what: string): ChainVerdict => ({
  ok: false,
  problem,
  link,
  record,
  message: `Link ${link} ${what} (record ${record}).`,
})

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b)

interface RecordReader {
  next(): Promise<StoredRecord | undefined>
}

const recordReader = (records: Sequence<StoredRecord>): RecordReader => {
  const iterator = Symbol.asyncIterator in records ? records[Symbol.asyncIterator]() : records[Symbol.iterator]()
  return {
    next: async () => {
      const { done, value } = await iterator.next()
      return done ? undefined : value
    },
  }
}
