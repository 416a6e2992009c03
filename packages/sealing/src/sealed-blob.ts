import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { type Random, SecretsError } from '@keyplane/core'
import { associatedData, type Binding, formatVersion } from './binding.ts'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** 32 bytes; as an object where they are kept, so that they do not lie about in JavaScript's memory. */
export type SealingKey = KeyObject | Uint8Array

/** Node.js 24 takes four times as long with a key of raw bytes as to make an object of it first. */
const keyObject = (key: SealingKey): KeyObject => (key instanceof Uint8Array ? createSecretKey(key) : key)

/** The sealed bytes: format version, 12 bytes of nonce, the ciphertext, 16 bytes of tag (AES-256-GCM). */
export const seal = (plain: Uint8Array, key: SealingKey, binding: Binding, random: Random): Uint8Array => {
  const nonce = random.bytes(nonceBytes)
  const cipher = createCipheriv(algorithm, keyObject(key), nonce, { authTagLength: tagBytes })
  cipher.setAAD(associatedData(binding))
  // Not from Buffer's pool: what is handed to another thread is copied with all of the memory that it lies in.
  const sealed = new Uint8Array(1 + nonceBytes + plain.length + tagBytes)
  sealed[0] = formatVersion
  sealed.set(nonce, 1)
  sealed.set(cipher.update(plain), 1 + nonceBytes)
  cipher.final()
  sealed.set(cipher.getAuthTag(), 1 + nonceBytes + plain.length)
  return sealed
}

/**
 * What `seal` was given.
 * @throws SecretsError `integrity` if a byte of it, its binding or its key is another.
 */
export const unseal = (sealed: Uint8Array, key: SealingKey, binding: Binding): Uint8Array => {
  if (sealed[0] !== formatVersion || sealed.length < 1 + nonceBytes + tagBytes) throw broken(binding)
  const decipher = createDecipheriv(algorithm, keyObject(key), sealed.subarray(1, 1 + nonceBytes), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(associatedData(binding))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  try {
    const plain = decipher.update(sealed.subarray(1 + nonceBytes, sealed.length - tagBytes))
    decipher.final()
    return plain
  } catch {
    throw broken(binding)
  }
}

const broken = (binding: Binding): SecretsError =>
  new SecretsError(
    'integrity',
    `The sealed ${binding.purpose} of ${JSON.stringify(ownerOf(binding))} is damaged, or belongs to another place or key.`,
  )

const ownerOf = (binding: Binding): string => {
  switch (binding.purpose) {
    case 'kms-key':
    case 'cache-key':
      return binding.keyId
    case 'root-check':
      return binding.storeId
    case 'session-token':
    case 'kms-ciphertext':
      return binding.owner
    case 'cache-record':
      return `${binding.environment}/${binding.path}`
    default:
      return binding.arn
  }
}
