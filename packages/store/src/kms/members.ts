import { awsError } from '../aws-errors.ts'
import { base64, integer, listOf, type Member, oneOf, required, structure, text } from '../parsing/member.ts'
import type { EncryptionContext } from './encryption-context.ts'

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
export const keyId: Member<string> = required(text({ min: 1, max: 2048 }))
export const optionalKeyId: Member<string> = text({ min: 1, max: 2048 })
export const plaintext: Member<string> = required(base64({ min: 1, max: 4096 }))
export const ciphertext: Member<string> = required(base64({ min: 1, max: 6144 }))
export const description: Member<string> = text({ max: 8192 })
export const aliasName: Member<string> = required(text({ min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ }))
export const keyPolicyText: Member<string> = text({ min: 1, max: 131_072 })
export const policyName: Member<string> = text({ min: 1, max: 128, pattern: /^[\w]+$/ })
export const principal: Member<string> = text({ min: 1, max: 256, pattern: /^[\w+=,.@:/-]+$/ })
export const limit: Member<number> = integer({ min: 1, max: 1000 })
export const marker: Member<string> = text({ min: 1, max: 1024 })
export const grantId: Member<string> = text({ min: 1, max: 128 })
export const dataKeySpec: Member<'AES_128' | 'AES_256'> = oneOf('AES_128', 'AES_256')
export const numberOfBytes: Member<number> = integer({ min: 1, max: 1024 })
export const algorithm: Member<'SYMMETRIC_DEFAULT'> = oneOf('SYMMETRIC_DEFAULT')

/** Texts by name. */
export const encryptionContext: Member<EncryptionContext> = {
  required: false,
  read: (value, at) => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
    const pairs = isMap ? Object.entries(value as Record<string, unknown>) : []
    if (!isMap || pairs.some(([, item]) => typeof item !== 'string'))
      throw awsError('SerializationException', `The member at '${at}' is not a map of texts.`)
    return Object.fromEntries(pairs) as EncryptionContext
  },
}

/** KMS's tags have names of their own. */
export interface KmsTag {
  readonly TagKey: string
  readonly TagValue: string
}
export const tags: Member<readonly KmsTag[]> = listOf(
  structure<KmsTag>({
    TagKey: required(text({ min: 1, max: 128 })),
    TagValue: required(text({ max: 256 })),
  }),
  { max: 50 },
)
export const tagKeys: Member<readonly string[]> = listOf(text({ min: 1, max: 128 }), { max: 50 })
