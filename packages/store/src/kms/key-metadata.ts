import { epochSeconds } from '../epoch-seconds.ts'
import type { KmsKeyRow } from '../storage/tables.ts'
import { keyArn } from './kms-keys.ts'

const states = { enabled: 'Enabled', disabled: 'Disabled', pending_deletion: 'PendingDeletion' } as const

/** A key as KMS describes it. */
export interface KeyMetadata {
  readonly AWSAccountId: string
  readonly KeyId: string
  readonly Arn: string
  readonly CreationDate: number
  readonly Enabled: boolean
  readonly Description: string
  readonly KeyState: 'Enabled' | 'Disabled' | 'PendingDeletion'
  readonly DeletionDate?: number
  readonly KeyManager: 'AWS' | 'CUSTOMER'
  readonly [constant: string]: unknown
}

/** What this store's keys all are: symmetric, made here, in one region. */
const constants = {
  KeyUsage: 'ENCRYPT_DECRYPT',
  Origin: 'AWS_KMS',
  CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
  KeySpec: 'SYMMETRIC_DEFAULT',
  EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
  MultiRegion: false,
} as const

export const keyMetadata = (key: KmsKeyRow): KeyMetadata => ({
  AWSAccountId: key.account,
  KeyId: key.key_id,
  Arn: keyArn(key),
  CreationDate: epochSeconds(key.created_at_ms),
  Enabled: key.state === 'enabled',
  Description: key.description,
  KeyState: states[key.state],
  ...(key.deletion_at_ms !== null && { DeletionDate: epochSeconds(key.deletion_at_ms) }),
  KeyManager: key.alias === null ? 'CUSTOMER' : 'AWS',
  ...constants,
})
