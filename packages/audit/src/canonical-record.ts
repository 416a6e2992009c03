import { Buffer } from 'node:buffer'
import type { AuditRecord } from '@keyplane/core'

/** A record as the bytes that are hashed: each field behind its length, details in the order of their keys. */
export const canonicalRecord = (record: AuditRecord): Uint8Array => {
  const detail = Object.entries(record.detail ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return lengthPrefixed([
    String(record.atMs),
    record.actor,
    record.action,
    record.resource,
    record.decision,
    record.requestId,
    // An empty detail and none are told apart, as everything that is stored is.
    record.detail === undefined ? '-' : String(detail.length),
    ...detail.flat(),
  ])
}

/** Fields as bytes, each behind its length in four bytes, so that no two lists of fields give the same bytes. */
export const lengthPrefixed = (fields: readonly string[]): Uint8Array => {
  const lengths = fields.map((field) => Buffer.byteLength(field))
  const bytes = Buffer.allocUnsafe(lengths.reduce((total, length) => total + 4 + length, 0))
  let at = 0
  for (const [index, field] of fields.entries()) {
    at = bytes.writeUInt32BE(lengths[index] ?? 0, at)
    at += bytes.write(field, at)
  }
  return bytes
}
