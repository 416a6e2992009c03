import { createSecretKey, type KeyObject } from 'node:crypto'
import type { Random } from '@keyplane/core'
import type { RootKey } from './root-key.ts'

/** Which key, and which of the materials that it has had. */
export interface KmsKeyId {
  readonly account: string
  readonly region: string
  readonly keyId: string
  /** Counts from 1; a rotation adds one. */
  readonly material: number
}

/** A KMS key ready for use. Kept in memory only; at rest its material is wrapped by the root key. */
export interface KmsKey extends KmsKeyId {
  readonly key: KeyObject
}

const keyBytes = 32

/** A fresh KMS key, and its material as it may be stored. */
export const makeKmsKey = async (
  id: KmsKeyId,
  rootKey: RootKey,
  random: Random,
): Promise<{ readonly kmsKey: KmsKey; readonly wrapped: Uint8Array }> => {
  const material = random.bytes(keyBytes)
  try {
    const wrapped = await rootKey.wrap(material, { purpose: 'kms-key', ...id })
    return { kmsKey: Object.freeze({ ...id, key: createSecretKey(material) }), wrapped }
  } finally {
    material.fill(0)
  }
}

/**
 * The KMS key of a stored, wrapped material.
 * @throws SecretsError `integrity` if it was altered, or belongs to another key.
 */
export const unwrapKmsKey = async (wrapped: Uint8Array, id: KmsKeyId, rootKey: RootKey): Promise<KmsKey> => {
  const material = await rootKey.unwrap(wrapped, { purpose: 'kms-key', ...id })
  try {
    return Object.freeze({ ...id, key: createSecretKey(material) })
  } finally {
    material.fill(0)
  }
}

/**
 * The same material under another root key.
 * @throws SecretsError `integrity` if it was altered, or belongs to another key.
 */
export const rewrapKmsKey = async (
  wrapped: Uint8Array,
  id: KmsKeyId,
  rootKeys: { readonly from: RootKey; readonly to: RootKey },
): Promise<Uint8Array> => {
  const binding = { purpose: 'kms-key', ...id } as const
  const material = await rootKeys.from.unwrap(wrapped, binding)
  try {
    return await rootKeys.to.wrap(material, binding)
  } finally {
    material.fill(0)
  }
}
