import { Buffer } from 'node:buffer'
import { createHash, createHmac, type KeyObject } from 'node:crypto'
import { lengthPrefixed } from './canonical-record.ts'
import type { ChainHead } from './chain.ts'

/** What is stored beside a chain's head, so that a head that was set back shows. 32 bytes each. */
export interface HeadSeal {
  /** SHA-256 over the head: anybody can make it, but it stands nowhere else to be copied from. */
  readonly hash: Uint8Array
  /** HMAC-SHA-256 over the head: only who has the key can make it. */
  readonly mac: Uint8Array
}

export const sealHead = (head: ChainHead, key: KeyObject | Uint8Array): HeadSeal => ({
  hash: hashHead(head),
  mac: createHmac('sha256', key).update(headBytes(head)).digest(),
})

export const hashHead = (head: ChainHead): Uint8Array => createHash('sha256').update(headBytes(head)).digest()

const headBytes = ({ chainId, seq, records, hash }: ChainHead): Uint8Array =>
  Buffer.concat([lengthPrefixed(['keyplane-audit-head-1', chainId, String(seq), String(records)]), hash])
