import { Buffer } from 'node:buffer'
import type { Random } from '@keyplane/core'
import { type KmsKey, seal, unseal } from '@keyplane/sealing'
import { awsError } from '../aws-errors.ts'
import { contextText, type EncryptionContext } from './encryption-context.ts'

/** What a ciphertext says in the open: which key it needs. */
export interface CiphertextKey {
  readonly keyId: string
  readonly material: number
}

const headerBytes = 20

/** The ciphertext that a key gives: the key's id and material, then what is sealed under it. */
export const encrypted = (plain: Uint8Array, key: KmsKey, context: EncryptionContext, random: Random): Buffer => {
  const header = Buffer.alloc(headerBytes)
  header.write(key.keyId.replaceAll('-', ''), 'hex')
  header.writeUInt32BE(key.material, 16)
  return Buffer.concat([header, seal(plain, key.key, bindingOf(key, context), random)])
}

/** The key that a ciphertext needs. @throws AwsError InvalidCiphertextException */
export const keyOfCiphertext = (ciphertext: Uint8Array): CiphertextKey => {
  if (ciphertext.length <= headerBytes) throw invalid()
  const bytes = Buffer.from(ciphertext)
  const id = bytes.toString('hex', 0, 16)
  const keyId = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { keyId, material: bytes.readUInt32BE(16) }
}

/** @throws AwsError InvalidCiphertextException for another key, another context, or one that was altered */
export const decrypted = (ciphertext: Uint8Array, key: KmsKey, context: EncryptionContext): Buffer => {
  try {
    return Buffer.from(unseal(ciphertext.subarray(headerBytes), key.key, bindingOf(key, context)))
  } catch {
    throw invalid()
  }
}

const bindingOf = ({ account, region, keyId, material }: KmsKey, context: EncryptionContext) =>
  ({
    purpose: 'kms-ciphertext',
    owner: JSON.stringify([account, region, keyId, material, contextText(context)]),
  }) as const

const invalid = (): Error => awsError('InvalidCiphertextException', 'The ciphertext is invalid.')
