import type { NamedOperation } from '../../operation.ts'
import { Buffer } from 'node:buffer'
import { awsError } from '../../aws-errors.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, type Shape } from '../../parsing/member.ts'
import type { KmsKeyRow } from '../../storage/tables.ts'
import { encrypted } from '../ciphertext.ts'
import type { EncryptionContext } from '../encryption-context.ts'
import { keyOperation, requireEnabled, requireRealRun } from '../key-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'

interface GenerateDataKeyRequest {
  readonly KeyId: string
  readonly EncryptionContext?: EncryptionContext
  readonly NumberOfBytes?: number
  readonly KeySpec?: 'AES_128' | 'AES_256'
  readonly DryRun?: boolean
}

const shape: Shape<GenerateDataKeyRequest> = {
  KeyId: members.keyId,
  EncryptionContext: members.encryptionContext,
  NumberOfBytes: members.numberOfBytes,
  KeySpec: members.dataKeySpec,
  DryRun: flag(),
}

const parts = {
  shape,
  keyId: ({ KeyId }: GenerateDataKeyRequest) => KeyId,
  acrossAccounts: true,
  byAlias: true,
  encryptionContext: ({ EncryptionContext }: GenerateDataKeyRequest) => EncryptionContext,
} as const

/** Makes a data key: in the open and under a key. */
export const generateDataKey: NamedOperation = keyOperation({
  ...parts,
  name: 'GenerateDataKey',
  run: async (context, input, row) => {
    const { plain, ...made } = await dataKey(context, input, row)
    return { ...made, Plaintext: plain.toString('base64') }
  },
})

/** The same, under a key only. */
export const generateDataKeyWithoutPlaintext: NamedOperation = keyOperation({
  ...parts,
  name: 'GenerateDataKeyWithoutPlaintext',
  run: async (context, input, row) => {
    const { plain, ...made } = await dataKey(context, input, row)
    plain.fill(0)
    return made
  },
})

const dataKey = async (
  { kmsKeys, random }: OperationContext,
  { EncryptionContext = {}, NumberOfBytes, KeySpec, DryRun = false }: GenerateDataKeyRequest,
  row: KmsKeyRow,
) => {
  if ((NumberOfBytes === undefined) === (KeySpec === undefined))
    throw awsError('ValidationException', 'Please specify either number of bytes or key spec.')
  requireEnabled(row)
  requireRealRun({ DryRun })
  const plain = Buffer.from(random.bytes(NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32)))
  const key = await kmsKeys.get(row.key_id, row.current_material)
  const ciphertext = encrypted(plain, key, EncryptionContext, random)
  return { plain, CiphertextBlob: ciphertext.toString('base64'), KeyId: keyArn(row) }
}
