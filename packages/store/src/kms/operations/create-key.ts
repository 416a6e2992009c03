import { SecretsError } from '@keyplane/core'
import type { Conditions } from '../../access/caller-conditions.ts'
import { awsError } from '../../aws-errors.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, oneOf, type Shape } from '../../parsing/member.ts'
import { type KeyMetadata, keyMetadata } from '../key-metadata.ts'
import { keyArn, maxMakings } from '../kms-keys.ts'
import { requireKeyTags } from '../key-tags.ts'
import { requireKeyPolicy } from '../require-key-policy.ts'
import * as members from '../members.ts'

export interface CreateKeyRequest {
  readonly Policy?: string
  readonly Description?: string
  readonly KeyUsage?: 'ENCRYPT_DECRYPT'
  readonly KeySpec?: 'SYMMETRIC_DEFAULT'
  readonly CustomerMasterKeySpec?: 'SYMMETRIC_DEFAULT'
  readonly Origin?: 'AWS_KMS'
  readonly Tags?: readonly members.KmsTag[]
  readonly MultiRegion?: boolean
  readonly BypassPolicyLockoutSafetyCheck?: boolean
}

export const createKeyShape: Shape<CreateKeyRequest> = {
  Policy: members.keyPolicyText,
  Description: members.description,
  KeyUsage: oneOf('ENCRYPT_DECRYPT'),
  KeySpec: oneOf('SYMMETRIC_DEFAULT'),
  CustomerMasterKeySpec: oneOf('SYMMETRIC_DEFAULT'),
  Origin: oneOf('AWS_KMS'),
  Tags: members.tags,
  MultiRegion: flag(),
  BypassPolicyLockoutSafetyCheck: flag(),
}

/** What conditions can see of a new key. */
export const createKeyConditions = ({
  Tags = [],
  BypassPolicyLockoutSafetyCheck = false,
}: CreateKeyRequest): Conditions => ({
  'kms:BypassPolicyLockoutSafetyCheck': BypassPolicyLockoutSafetyCheck,
  'kms:KeySpec': 'SYMMETRIC_DEFAULT',
  'aws:TagKeys': Tags.map(({ TagKey }) => TagKey),
  ...Object.fromEntries(Tags.map(({ TagKey, TagValue }) => [`aws:RequestTag/${TagKey}`, TagValue])),
})

/** Makes a symmetric key of the caller's account. */
export const createKey = async (
  context: OperationContext,
  input: CreateKeyRequest,
): Promise<{ readonly KeyMetadata: KeyMetadata }> => {
  if (input.MultiRegion) throw awsError('UnsupportedOperationException', 'This store has no keys of several regions.')
  const { account, region } = context.caller
  const place = { account, region, alias: null }
  const policy = input.Policy ?? null
  requireKeyTags(input.Tags ?? [])
  for (let making = 0; making < maxMakings; making += 1) {
    const { row, statements } = await context.kmsKeys.make({ ...place, policy, description: input.Description ?? '' })
    if (policy !== null) requireKeyPolicy(context, { ...row, policy }, input.BypassPolicyLockoutSafetyCheck ?? false)
    const tags = (input.Tags ?? []).map(({ TagKey: key, TagValue: value }) =>
      context.kmsKeys.table.setTag({ key_id: row.key_id, key, value }),
    )
    context.call.resource = keyArn(row)
    const outcome = await context.call.commit([...statements, ...tags])
    if (outcome === 'committed') return { KeyMetadata: keyMetadata(row) }
  }
  throw new SecretsError('internal', 'A key could not be made: the root key is being changed over and over.')
}
