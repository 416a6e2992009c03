import type { KeyGrant } from '@keyplane/policy'
import type { Conditions } from '../access/caller-conditions.ts'
import { type AccessDecision, judge, type Question } from '../access/judge.ts'
import type { Caller } from '../caller.ts'
import type { OperationContext } from '../operation-context.ts'
import type { GrantsWanted } from '../storage/kms-grants.ts'
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
  readonly table: Pick<KmsKeysTable, 'grantsFor' | 'tags' | 'aliasNames'>
}

/**
 * Whether the caller may use a key so: by its policy, by his own policies where that leaves it to them, or by a grant. A
 * key has thousands of grants, which are looked for only where policies do not allow it.
 */
export const mayUseKey = async (
  { kmsKeys: { table }, caller, nowMs }: OperationContext,
  use: KeyUse,
): Promise<AccessDecision> => {
  const asking = { caller, nowMs, table }
  if (use.grants || use.key.alias !== null) return judge(await keyQuestion(asking, use))
  const byPolicies = judge(await keyQuestion(asking, { ...use, grants: [] }))
  if (byPolicies.allowed) return byPolicies
  const grants = await grantsFor(asking, use)
  return grants.length === 0 ? byPolicies : judge(await keyQuestion(asking, { ...use, grants }))
}

/** The question behind a use of a key. */
export const keyQuestion = async ({ caller, nowMs, table }: Asking, use: KeyUse): Promise<Question> => {
  const { key, operation, encryptionContext = {}, viaService, requestAlias } = use
  const { grants, conditions } = await factsOf({ caller, nowMs, table }, use)
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
    settled: new Map([
      ['kms:calleraccount', [caller.account]],
      ...(viaService === undefined ? [] : [['kms:viaservice', [viaService]] as const]),
    ]),
  }
}

interface KeyFacts {
  readonly grants: readonly KeyGrant[]
  readonly conditions: Conditions
}

/** Grants, tags and aliases; a key of a service of AWS has none. */
const factsOf = async (asking: Asking, use: KeyUse): Promise<KeyFacts> => {
  const { key } = use
  if (key.alias !== null) return { grants: [], conditions: {} }
  const { table } = asking
  const [grants, tags, aliases] = await Promise.all([
    use.grants ?? grantsFor(asking, use),
    table.tags(key.key_id),
    table.aliasNames(key.key_id),
  ])
  return {
    grants,
    conditions: {
      ...Object.fromEntries(tags.map((tag) => [`aws:ResourceTag/${tag.key}`, tag.value])),
      'kms:ResourceAliases': aliases.length > 0 ? aliases : undefined,
    },
  }
}

/** The grants of a key that may let the caller do what he asks for; the others are not read. */
const grantsFor = async (
  { caller, table }: Asking,
  { key, operation }: Pick<KeyUse, 'key' | 'operation'>,
): Promise<readonly KeyGrant[]> =>
  (await table.grantsFor(key.key_id, grantsWanted(caller, operation))).map((row) => grantFor(operation, grantOf(row)))

/** The grants that a caller's operation may rest on. */
export const grantsWanted = ({ account, identity }: Caller, operation: string): GrantsWanted => ({
  arn: identity.arn,
  ...(identity.principal.kind === 'role-session' && { roleArn: identity.principal.roleArn }),
  account,
  operation,
})

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
