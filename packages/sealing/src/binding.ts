import { Buffer } from 'node:buffer'

/** The format of every sealed blob and of what is authenticated with it; the blob's first byte. */
export const formatVersion = 1

/** The version of a secret that a value belongs to. */
export interface ValueOwner {
  readonly account: string
  readonly region: string
  readonly arn: string
  readonly versionId: string
}

/** Where a value is kept for a while, of which version it is, and when its source vouched for it. */
export interface CachedPlace {
  readonly environment: string
  readonly source: string
  readonly path: string
  readonly version: string
  readonly moment: string
}

/**
 * What a sealed blob belongs to. It is authenticated with the blob, so that a blob moved to another secret, version,
 * account, region, key or purpose does not open.
 */
export type Binding =
  | ({ readonly purpose: 'secret-value'; readonly kind: 'text' | 'binary' } & ValueOwner)
  | ({ readonly purpose: 'data-key'; readonly keyId: string; readonly material: number } & ValueOwner)
  | {
      readonly purpose: 'kms-key'
      readonly account: string
      readonly region: string
      readonly keyId: string
      readonly material: number
    }
  | { readonly purpose: 'root-check'; readonly storeId: string }
  /** What a store hands out and is given back. */
  | { readonly purpose: 'session-token' | 'kms-ciphertext'; readonly owner: string }
  | ({ readonly purpose: 'cache-record' } & CachedPlace)
  /** A key of those who share a cache: for records, or for their names. */
  | { readonly purpose: 'cache-key'; readonly keyId: string }

const fieldsOf = (binding: Binding): readonly string[] => {
  switch (binding.purpose) {
    case 'secret-value':
      return [binding.account, binding.region, binding.arn, binding.versionId, binding.kind]
    case 'data-key':
      return [binding.account, binding.region, binding.arn, binding.versionId, binding.keyId, String(binding.material)]
    case 'kms-key':
      return [binding.account, binding.region, binding.keyId, String(binding.material)]
    case 'root-check':
      return [binding.storeId]
    case 'session-token':
    case 'kms-ciphertext':
      return [binding.owner]
    case 'cache-record':
      return [binding.environment, binding.source, binding.path, binding.version, binding.moment]
    case 'cache-key':
      return [binding.keyId]
  }
}

/** The binding as bytes: the format's version, then each field behind its length, so that no field can slide into the next. */
export const associatedData = (binding: Binding): Uint8Array => {
  const fields = [binding.purpose, ...fieldsOf(binding)]
  const lengths = fields.map((field) => Buffer.byteLength(field))
  const bytes = Buffer.allocUnsafe(lengths.reduce((total, length) => total + 4 + length, 1))
  let at = bytes.writeUInt8(formatVersion, 0)
  for (const [index, field] of fields.entries()) {
    at = bytes.writeUInt32BE(lengths[index] ?? 0, at)
    at += bytes.write(field, at)
  }
  return bytes
}
