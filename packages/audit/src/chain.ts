import { createHash } from 'node:crypto'
import type { AuditRecord } from '@keyplane/core'
import { canonicalRecord, lengthPrefixed } from './canonical-record.ts'

/** Where a chain stands. It is kept beside the chain's id, so that a chain cut short at its end shows. */
export interface ChainHead {
  /** Random, registered where the chain is stored. */
  readonly chainId: string
  /** The last link's number; 0 for a chain without links. */
  readonly seq: number
  /** Records in all links. */
  readonly records: number
  /** The last link's hash. */
  readonly hash: Uint8Array
}

/** One link: it seals one batch of records, and the link before it. */
export interface ChainLink {
  readonly chainId: string
  /** Counts from 1. */
  readonly seq: number
  /** The number, in the chain, of the batch's first record. Counts from 1. */
  readonly firstRecord: number
  readonly recordCount: number
  readonly recordsHash: Uint8Array
  readonly previousHash: Uint8Array
  readonly hash: Uint8Array
}

/** A new chain's head: its hash comes from its id, so that no two chains begin alike. */
export const newChain = (chainId: string): ChainHead =>
  Object.freeze({ chainId, seq: 0, records: 0, hash: sha256([lengthPrefixed(['keyplane-audit-chain-1', chainId])]) })

/** The link for a batch of records, and the chain's head after it. */
export const nextLink = (
  head: ChainHead,
  records: readonly AuditRecord[],
): { readonly link: ChainLink; readonly head: ChainHead } => {
  const body = {
    chainId: head.chainId,
    seq: head.seq + 1,
    firstRecord: head.records + 1,
    recordCount: records.length,
    recordsHash: hashRecords(records),
    previousHash: head.hash,
  }
  const link = Object.freeze<ChainLink>({ ...body, hash: hashLink(body) })
  const { chainId, seq, hash } = link
  return { link, head: Object.freeze({ chainId, seq, records: head.records + records.length, hash }) }
}

/** SHA-256 over the records' canonical bytes, each behind its length. */
export const hashRecords = (records: readonly AuditRecord[]): Uint8Array => {
  const hash = createHash('sha256')
  const length = Buffer.allocUnsafe(4)
  for (const record of records) {
    const bytes = canonicalRecord(record)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  return hash.digest()
}

/** SHA-256 over everything else that a link says. */
export const hashLink = (link: Omit<ChainLink, 'hash'>): Uint8Array => {
  const { chainId, seq, firstRecord, recordCount } = link
  const numbers = lengthPrefixed(['keyplane-audit-link-1', chainId, `${seq}`, `${firstRecord}`, `${recordCount}`])
  return sha256([numbers, link.recordsHash, link.previousHash])
}

const sha256 = (parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
