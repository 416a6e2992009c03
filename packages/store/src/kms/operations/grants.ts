import type { NamedOperation } from '../../operation.ts'
import { uuid } from '@keyplane/core'
import { awsError } from '../../aws-errors.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, listOf, oneOf, required, type Shape, structure, text } from '../../parsing/member.ts'
import { seconds } from '../../secretsmanager/secret-facts.ts'
import type { KmsGrantRow, KmsKeyRow } from '../../storage/tables.ts'
import { accountOperation } from '../account-operation.ts'
import type { EncryptionContext } from '../encryption-context.ts'
import { changeKey, keyOperation, requireEnabled, requireKey, requireKeyUse } from '../key-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'

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

interface GrantConstraints {
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
  Name: text({ min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ }),
}

/** Lets a principal use a key. The same grant under the same name again is the same grant. */
export const createGrant: NamedOperation = keyOperation({
  name: 'CreateGrant',
  shape: createShape,
  keyId: ({ KeyId }) => KeyId,
  conditions: (input: CreateGrantRequest) => ({
    'kms:GranteePrincipal': input.GranteePrincipal,
    'kms:RetiringPrincipal': input.RetiringPrincipal,
    'kms:GrantOperations': input.Operations,
    'kms:GrantConstraintType': input.Constraints && Object.keys(input.Constraints),
    'kms:GrantIsForAWSResource': false,
  }),
  run: async (context, input, key) => {
    requireEnabled(key)
    const { kmsKeys, caller, nowMs, random } = context
    const row: KmsGrantRow = {
      grant_id: uuid(random).replaceAll('-', '') + uuid(random).replaceAll('-', ''),
      key_id: key.key_id,
      grantee: input.GranteePrincipal,
      retiring: input.RetiringPrincipal ?? null,
      operations: JSON.stringify(input.Operations),
      constraints: input.Constraints ? JSON.stringify(input.Constraints) : null,
      name: input.Name ?? '',
      issued_by: caller.principal,
      created_at_ms: nowMs,
    }
    const same = input.Name && (await kmsKeys.table.grants(key.key_id)).find((known) => isSame(known, row))
    if (same) return answer(same)
    await changeKey(context, [kmsKeys.table.insertGrant(row)], key)
    return answer(row)
  },
})

/** The token is the id again: a grant counts at once here, so nothing has to vouch for it meanwhile. */
const answer = ({ grant_id }: KmsGrantRow) => ({ GrantId: grant_id, GrantToken: grant_id })

const isSame = (a: KmsGrantRow, b: KmsGrantRow): boolean =>
  (['name', 'grantee', 'retiring', 'operations', 'constraints'] as const).every((column) => a[column] === b[column])

interface ListGrantsRequest {
  readonly KeyId: string
  readonly GrantId?: string
  readonly GranteePrincipal?: string
  readonly Limit?: number
  readonly Marker?: string
}

const listShape: Shape<ListGrantsRequest> = {
  KeyId: members.keyId,
  GrantId: members.grantId,
  GranteePrincipal: members.principal,
  Limit: members.limit,
  Marker: members.marker,
}

export const listGrants: NamedOperation = keyOperation({
  name: 'ListGrants',
  shape: listShape,
  keyId: ({ KeyId }) => KeyId,
  run: async ({ kmsKeys }, { GrantId, GranteePrincipal, Limit = 50, Marker }, key) => {
    const all = (await kmsKeys.table.grants(key.key_id)).filter(
      ({ grant_id, grantee }) =>
        (GrantId === undefined || grant_id === GrantId) &&
        (GranteePrincipal === undefined || grantee === GranteePrincipal),
    )
    const from = Marker === undefined ? 0 : all.findIndex(({ grant_id }) => grant_id === Marker) + 1
    if (Marker !== undefined && from === 0) throw awsError('InvalidMarkerException', 'The marker is invalid.')
    const page = all.slice(from, from + Limit)
    const last = page.at(-1)
    const truncated = all.length > from + page.length
    return {
      Grants: page.map((grant) => listed(grant, key)),
      Truncated: truncated,
      ...(truncated && last && { NextMarker: last.grant_id }),
    }
  },
})

const listed = (grant: KmsGrantRow, key: KmsKeyRow) => ({
  KeyId: keyArn(key),
  GrantId: grant.grant_id,
  Name: grant.name,
  CreationDate: seconds(grant.created_at_ms),
  GranteePrincipal: grant.grantee,
  ...(grant.retiring !== null && { RetiringPrincipal: grant.retiring }),
  IssuingAccount: `arn:aws:iam::${key.account}:root`,
  Operations: JSON.parse(grant.operations) as string[],
  ...(grant.constraints !== null && { Constraints: JSON.parse(grant.constraints) as GrantConstraints }),
})

interface RevokeGrantRequest {
  readonly KeyId: string
  readonly GrantId: string
  readonly DryRun?: boolean
}

const revokeShape: Shape<RevokeGrantRequest> = {
  KeyId: members.keyId,
  GrantId: required(members.grantId),
  DryRun: flag(),
}

export const revokeGrant: NamedOperation = keyOperation({
  name: 'RevokeGrant',
  shape: revokeShape,
  keyId: ({ KeyId }) => KeyId,
  run: async (context, { GrantId }, key) => {
    await requireGrant(context, GrantId, key)
    await changeKey(context, [context.kmsKeys.table.removeGrant(GrantId)], key)
    return {}
  },
})

const requireGrant = async ({ kmsKeys }: OperationContext, grantId: string, key: KmsKeyRow): Promise<KmsGrantRow> => {
  const row = await kmsKeys.table.grant(grantId)
  if (row?.key_id === key.key_id) return row
  throw awsError('InvalidGrantIdException', 'The grant ID is not valid.')
}

interface RetireGrantRequest {
  readonly GrantToken?: string
  readonly KeyId?: string
  readonly GrantId?: string
}

/** Ends a grant: by its retiring principal or its grantee where it says so, else by who may retire grants of the key. */
export const retireGrant: NamedOperation = accountOperation(
  'RetireGrant',
  {
    GrantToken: text({ min: 1, max: 8192 }),
    KeyId: members.optionalKeyId,
    GrantId: members.grantId,
  } satisfies Shape<RetireGrantRequest>,
  async (context, { GrantToken, KeyId, GrantId }: RetireGrantRequest) => {
    const id = GrantToken ?? GrantId
    const grant = id === undefined ? undefined : await context.kmsKeys.table.grant(id)
    const key = grant && (await context.kmsKeys.table.byId(grant.key_id))
    if (!grant || !key || (GrantToken === undefined && KeyId === undefined))
      throw awsError('InvalidGrantIdException', 'The grant ID is not valid.')
    const found = GrantToken === undefined ? await requireKey(context, KeyId ?? '') : { key }
    if (found.key.key_id !== key.key_id) throw awsError('InvalidGrantIdException', 'The grant ID is not valid.')
    const { identity } = context.caller
    const itself = [
      identity.arn,
      identity.principal.kind === 'role-session' ? identity.principal.roleArn : identity.arn,
    ]
    const mayByGrant =
      itself.includes(grant.retiring ?? '') ||
      (itself.includes(grant.grantee) && (JSON.parse(grant.operations) as string[]).includes('RetireGrant'))
    if (!mayByGrant) await requireKeyUse(context, found, { operation: 'RetireGrant', asSent: keyArn(key) })
    await changeKey(context, [context.kmsKeys.table.removeGrant(grant.grant_id)], key)
    return {}
  },
)
