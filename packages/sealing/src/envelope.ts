import { createSecretKey, type KeyObject } from 'node:crypto'
import type { Random } from '@keyplane/core'
import type { ValueOwner } from './binding.ts'
import type { KmsKey } from './kms-key.ts'
import { seal, unseal } from './sealed-blob.ts'

/** A value at rest. Its two halves are kept apart, so that a key's rotation touches the small one only. */
export interface Envelope {
  readonly sealedValue: Uint8Array
  readonly wrappedDataKey: Uint8Array
}

/** Which version a value belongs to and what kind of value it is: all of it is authenticated. */
export interface EnvelopeOwner extends ValueOwner {
  readonly kind: 'text' | 'binary'
}

const dataKeyBytes = 32

/** The value under a data key of its own, and that data key under the KMS key. */
export const sealValue = (value: Uint8Array, owner: EnvelopeOwner, kmsKey: KmsKey, random: Random): Envelope => {
  const dataKey = random.bytes(dataKeyBytes)
  try {
    return {
      sealedValue: seal(value, dataKey, { purpose: 'secret-value', ...owner }, random),
      wrappedDataKey: seal(dataKey, kmsKey.key, dataKeyBinding(owner, kmsKey), random),
    }
  } finally {
    dataKey.fill(0)
  }
}

/**
 * The value that was sealed.
 * @throws SecretsError `integrity` if the envelope was altered, or belongs to another owner or key.
 */
export const openValue = (envelope: Envelope, owner: EnvelopeOwner, kmsKey: KmsKey): Uint8Array =>
  openWithDataKey(envelope.sealedValue, owner, openDataKey(envelope.wrappedDataKey, owner, kmsKey))

/**
 * The data key of an envelope, for who opens it more than once.
 * @throws SecretsError `integrity` if the wrapped key was altered, or belongs to another owner or key.
 */
export const openDataKey = (wrappedDataKey: Uint8Array, owner: ValueOwner, kmsKey: KmsKey): KeyObject => {
  const dataKey = unseal(wrappedDataKey, kmsKey.key, dataKeyBinding(owner, kmsKey))
  try {
    return createSecretKey(dataKey)
  } finally {
    dataKey.fill(0)
  }
}

/** The value that was sealed, by its envelope's data key. @throws SecretsError `integrity` as `openValue`. */
export const openWithDataKey = (sealedValue: Uint8Array, owner: EnvelopeOwner, dataKey: KeyObject): Uint8Array =>
  unseal(sealedValue, dataKey, { purpose: 'secret-value', ...owner })

/**
 * The same data key under another KMS key or material; the sealed value stays as it is.
 * @throws SecretsError `integrity` if the wrapped key was altered, or belongs to another owner or key.
 */
export const rewrapDataKey = (
  wrappedDataKey: Uint8Array,
  owner: ValueOwner,
  keys: { readonly from: KmsKey; readonly to: KmsKey },
  random: Random,
): Uint8Array => {
  const dataKey = unseal(wrappedDataKey, keys.from.key, dataKeyBinding(owner, keys.from))
  try {
    return seal(dataKey, keys.to.key, dataKeyBinding(owner, keys.to), random)
  } finally {
    dataKey.fill(0)
  }
}

const dataKeyBinding = (owner: ValueOwner, kmsKey: KmsKey) =>
  ({
    purpose: 'data-key',
    account: owner.account,
    region: owner.region,
    arn: owner.arn,
    versionId: owner.versionId,
    keyId: kmsKey.keyId,
    material: kmsKey.material,
  }) as const
