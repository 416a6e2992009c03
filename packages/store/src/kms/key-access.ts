import type { KeyGrant } from '@keyplane/policy'
import type { Conditions } from '../access/caller-conditions.ts'
import { type AccessDecision, judge, type Question } from '../access/judge.ts'
import type { Caller } from '../caller.ts'
import type { OperationContext } from '../operation-context.ts'
import type { KmsKeysTable } from '../storage/kms-keys-table.ts'
import type { KmsGrantRow, KmsKeyRow } from '../storage/tables.ts'
import { contextConditions, type EncryptionContext } from './encryption-context.ts'
import { keyPolicy } from './key-policy.ts'
import { keyArn } from './kms-keys.ts'

/** One use of a key. */
export interface KeyUse {
  /** `Decrypt`; without `kms:`. */
  readonly operation: string
  readonly key: KmsKeyRow
  readonly encryptionContext?: EncryptionContext
  /** The service that asks for the caller: `secretsmanager.eu-west-1.amazonaws.com`. */
  readonly viaService?: string
  /** The alias that the key was asked for by. */
  readonly requestAlias?: string
  /** The key as the caller named it, for the text of a denial. */
  readonly asSent?: string
  readonly conditions?: Conditions
  /** The grants that count, where not all of the key's do. */
  readonly grants?: readonly KeyGrant[]
}

/** Who asks, when, and where keys' grants are. */
export interface Asking {
  readonly caller: Caller
  readonly nowMs: number
  readonly table: Pick<KmsKeysTable, 'grants' | 'tags' | 'aliasNames'>
}

/** Whether the caller may use a key so: by its policy, by his own policies where that leaves it to them, or by a grant. */
export const mayUseKey = async (
  { kmsKeys: { table }, caller, nowMs }: OperationContext,
  use: KeyUse,
): Promise<AccessDecision> => judge(await keyQuestion({ caller, nowMs, table }, use))

/** The question behind a use of a key. */
export const keyQuestion = async ({ caller, nowMs, table }: Asking, use: KeyUse): Promise<Question> => {
  const { key, operation, encryptionContext = {}, viaService, requestAlias } = use
  const { grants, conditions } = await factsOf(table, use)
  return {
    caller,
    nowMs,
    action: `kms:${operation}`,
    resource: keyArn(key),
    resourceAccount: key.account,
    asSent: use.asSent ?? keyArn(key),
    guard: { kind: 'key', policy: keyPolicy(key), ...(grants.length > 0 && { grants }) },
    conditions: {
      'kms:CallerAccount': caller.account,
      ...constants,
      ...conditions,
      'kms:RequestAlias': requestAlias,
      ...contextConditions(encryptionContext),
      ...(viaService !== undefined && {
        'kms:ViaService': viaService,
        'aws:ViaAWSService': true,
        'aws:CalledVia': [viaService.replace(/\.[^.]+\.amazonaws/, '.amazonaws')],
      }),
      ...use.conditions,
    },
  }
}

interface KeyFacts {
  readonly grants: readonly KeyGrant[]
  readonly conditions: Conditions
}

/** Grants, tags and aliases; a key of a service of AWS has none. */
const factsOf = async (table: Asking['table'], { key, operation, grants }: KeyUse): Promise<KeyFacts> => {
  if (key.alias !== null) return { grants: [], conditions: {} }
  const [rows, tags, aliases] = await Promise.all([
    grants ? [] : table.grants(key.key_id),
    table.tags(key.key_id),
    table.aliasNames(key.key_id),
  ])
  return {
    grants: grants ?? rows.map((row) => grantFor(operation, grantOf(row))),
    conditions: {
      ...Object.fromEntries(tags.map((tag) => [`aws:ResourceTag/${tag.key}`, tag.value])),
      'kms:ResourceAliases': aliases.length > 0 ? aliases : undefined,
    },
  }
}

/** What creates a grant has no encryption context: a grant's constraints are asked of the new grant instead. */
const grantFor = (operation: string, { constraints, ...grant }: KeyGrant): KeyGrant =>
  operation === 'CreateGrant' || !constraints ? grant : { ...grant, constraints }

/** What this store's keys all are. */
const constants: Conditions = {
  'kms:KeySpec': 'SYMMETRIC_DEFAULT',
  'kms:KeyUsage': 'ENCRYPT_DECRYPT',
  'kms:KeyOrigin': 'AWS_KMS',
}

/** A grant as policies are judged with it. */
export const grantOf = ({
  grantee,
  operations,
  constraints,
}: Pick<KmsGrantRow, 'grantee' | 'operations' | 'constraints'>): KeyGrant => {
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = JSON.parse(constraints ?? '{}') as {
    readonly EncryptionContextEquals?: EncryptionContext
    readonly EncryptionContextSubset?: EncryptionContext
  }
  return {
    granteePrincipal: grantee,
    operations: JSON.parse(operations) as string[],
    constraints: {
      ...(equals && { encryptionContextEquals: equals }),
      ...(subset && { encryptionContextSubset: subset }),
    },
  }
}
