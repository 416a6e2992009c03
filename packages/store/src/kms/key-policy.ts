import { partitionOf } from '@keyplane/aws'
import { type Policy, parsePolicy } from '@keyplane/policy'
import type { KmsKeyRow } from '../storage/tables.ts'

/**
 * The policy that a key has by itself. One of the callers' own leaves all to the identity policies of its account.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
const ownKeyPolicy = (account: string, region: string): object => ({
  Version: '2012-10-17',
  Id: 'key-default-1',
  Statement: [
    {
      Sid: 'Enable IAM User Permissions',
      Effect: 'Allow',
      Principal: { AWS: `arn:${partitionOf(region).name}:iam::${account}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
})

/**
 * The policy of `aws/secretsmanager`: everybody in the account may use it, through Secrets Manager only.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
const serviceKeyPolicy = (account: string, region: string): object => ({
  Version: '2012-10-17',
  Id: 'auto-secretsmanager-2',
  Statement: [
    {
      Sid: 'Allow access through AWS Secrets Manager for all principals in the account that are authorized to use AWS Secrets Manager',
      Effect: 'Allow',
      Principal: { AWS: ['*'] },
      Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:CreateGrant', 'kms:DescribeKey'],
      Resource: '*',
      Condition: {
        StringEquals: {
          'kms:CallerAccount': account,
          'kms:ViaService': `secretsmanager.${region}.amazonaws.com`,
        },
      },
    },
    {
      Sid: 'Allow data keys through AWS Secrets Manager for all principals in the account that are authorized to use AWS Secrets Manager',
      Effect: 'Allow',
      Principal: { AWS: ['*'] },
      Action: 'kms:GenerateDataKey*',
      Resource: '*',
      Condition: {
        StringEquals: { 'kms:CallerAccount': account },
        StringLike: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` },
      },
    },
    {
      Sid: 'Allow direct access to key metadata to the account',
      Effect: 'Allow',
      Principal: { AWS: `arn:${partitionOf(region).name}:iam::${account}:root` },
      Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
      Resource: '*',
    },
  ],
})

type Owner = Pick<KmsKeyRow, 'account' | 'region' | 'alias' | 'policy'>

/** A key's policy as JSON: its own, or the one that it has by itself. */
export const keyPolicyText = ({ account, region, alias, policy }: Owner): string =>
  policy ?? JSON.stringify(alias === null ? ownKeyPolicy(account, region) : serviceKeyPolicy(account, region), null, 2)

interface Known {
  readonly policy: Policy
  /** Characters of the policy. */
  readonly size: number
}

/** Parsed policies by their text, the oldest first; keys are few, and most have the same. */
const parsed = new Map<string, Known>()
const maxParsed = 1_000
/** A policy that is ready to be asked takes some thirty times its text. */
const maxSize = 2_000_000
let size = 0

/**
 * A key's policy, ready to be asked. One that an older version took and this one does not read allows nobody.
 */
export const keyPolicy = (owner: Owner): Policy => {
  const id = owner.policy ?? `${owner.account}/${owner.region}/${owner.alias}`
  const known = parsed.get(id)
  if (known) return known.policy
  const text = keyPolicyText(owner)
  const read = parsePolicy(text, 'key')
  const policy = read.ok ? read.policy : { Statement: [] }
  parsed.set(id, { policy, size: text.length })
  size += text.length
  for (const [oldest, { size: freed }] of parsed) {
    if (parsed.size <= maxParsed && size <= maxSize) break
    parsed.delete(oldest)
    size -= freed
  }
  return policy
}
