import type { NamedOperation } from '../../operation.ts'
import { uuid } from '@keyplane/core'
import type { Conditions } from '../../access/caller-conditions.ts'
import { awsError } from '../../aws-errors.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, listOf, oneOf, required, type Shape, structure, text } from '../../parsing/member.ts'
import type { KmsGrantRow, KmsKeyRow } from '../../storage/tables.ts'
import type { EncryptionContext } from '../encryption-context.ts'
import { beingChanged, keyOperation, requireEnabled, requireRealRun } from '../key-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'
import { requireGrantWithin, type WantedGrant } from '../require-grant-within.ts'
import { requirePrincipal } from '../require-principal.ts'

/** @see https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations */
const grantOperations = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'CreateGrant',
  'RetireGrant',
  'DescribeKey',
] as const

/** What the encryption context of a request under a grant has to be. */
export interface GrantConstraints {
  readonly EncryptionContextSubset?: EncryptionContext
  readonly EncryptionContextEquals?: EncryptionContext
}

interface CreateGrantRequest {
  readonly KeyId: string
  readonly GranteePrincipal: string
  readonly RetiringPrincipal?: string
  readonly Operations: readonly (typeof grantOperations)[number][]
  readonly Constraints?: GrantConstraints
  readonly Name?: string
  readonly DryRun?: boolean
}

const createShape: Shape<CreateGrantRequest> = {
  KeyId: members.keyId,
  GranteePrincipal: required(members.principal),
  RetiringPrincipal: members.principal,
  Operations: required(listOf(oneOf(...grantOperations), { min: 1, max: 20 })),
  Constraints: structure<GrantConstraints>({
    EncryptionContextSubset: members.encryptionContext,
    EncryptionContextEquals: members.encryptionContext,
  }),
  DryRun: flag(),
  Name: text({ min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ }),
}

/** Lets a principal use a key. The same grant under the same name again is the same grant. */
export const createGrant: NamedOperation = keyOperation({
  name: 'CreateGrant',
  shape: createShape,
  keyId: ({ KeyId }) => KeyId,
  acrossAccounts: true,
  conditions: (input: CreateGrantRequest) => grantConditions(input),
  run: async (context, input, key) => {
    for (const one of [input.GranteePrincipal, input.RetiringPrincipal]) if (one !== undefined) requirePrincipal(one)
    const parent = await requireGrantWithin(context, key, wanted(input), grantConditions(input))
    requireEnabled(key)
    requireRealRun(input)
    const { call, caller, nowMs, random } = context
    const row: KmsGrantRow = {
      ...wanted(input),
      grant_id: uuid(random).replaceAll('-', '') + uuid(random).replaceAll('-', ''),
      key_id: key.key_id,
      retiring: input.RetiringPrincipal ?? null,
      name: input.Name ?? '',
      issued_by: caller.principal,
      created_at_ms: nowMs,
    }
    call.note({ Grantee: row.grantee, Operations: input.Operations.join(','), GrantId: row.grant_id })
    const made = await grantMade(context, row, { key, parent })
    call.note({ GrantId: made.grant_id })
    // The token is the id again: a grant counts at once here, so nothing has to vouch for it meanwhile.
    return { GrantId: made.grant_id, GrantToken: made.grant_id }
  },
})

const grantConditions = (input: CreateGrantRequest): Conditions => ({
  'kms:GranteePrincipal': input.GranteePrincipal,
  'kms:RetiringPrincipal': input.RetiringPrincipal,
  'kms:GrantOperations': input.Operations,
  'kms:GrantConstraintType': input.Constraints && Object.keys(input.Constraints),
  'kms:GrantIsForAWSResource': false,
})

const wanted = ({ GranteePrincipal, Operations, Constraints }: CreateGrantRequest): WantedGrant => ({
  grantee: GranteePrincipal,
  operations: JSON.stringify(Operations),
  constraints: Constraints ? JSON.stringify(Constraints) : null,
})

interface GrantGround {
  readonly key: KmsKeyRow
  /** The grant that lets the caller make this one; absent where policies do. */
  readonly parent: KmsGrantRow | undefined
}

/** @see https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html */
const maxGrants = 50_000

/**
 * Makes a grant, or finds the one of the same name that is there, be it made at the same moment. Where the grant that it
 * comes of ends at that moment, it is not made.
 */
const grantMade = async (
  { call, kmsKeys: { table } }: OperationContext,
  row: KmsGrantRow,
  { key, parent }: GrantGround,
): Promise<KmsGrantRow> => {
  const same = async (): Promise<KmsGrantRow | undefined> => (row.name === '' ? undefined : table.sameGrant(row))
  const known = await same()
  if (known) return known
  if ((await table.countGrants(key.key_id)) >= maxGrants)
    throw awsError('LimitExceededException', `A key has at most ${maxGrants} grants.`)
  const held = [table.hold(key), ...(parent ? [table.requireGrant(parent)] : [])]
  const once = row.name === '' ? [] : [table.requireOneGrant(row)]
  if ((await call.commit([...held, table.insertGrant(row), ...once])) === 'committed') return row
  const theirs = await same()
  if (theirs) return theirs
  throw beingChanged(keyArn(key))
}
