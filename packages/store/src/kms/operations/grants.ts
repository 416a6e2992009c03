import { partitionOf } from '@keyplane/aws'
import type { NamedOperation } from '../../operation.ts'
import { awsError } from '../../aws-errors.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, required, type Shape } from '../../parsing/member.ts'
import { epochSeconds } from '../../epoch-seconds.ts'
import type { KmsGrantRow, KmsKeyRow } from '../../storage/tables.ts'
import { changeKey, keyOperation, requireRealRun } from '../key-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'
import type { GrantConstraints } from './create-grant.ts'

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
  acrossAccounts: true,
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
  CreationDate: epochSeconds(grant.created_at_ms),
  GranteePrincipal: grant.grantee,
  ...(grant.retiring !== null && { RetiringPrincipal: grant.retiring }),
  IssuingAccount: `arn:${partitionOf(key.region).name}:iam::${key.account}:root`,
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
  acrossAccounts: true,
  run: async (context, { GrantId, DryRun = false }, key) => {
    context.call.note({ GrantId })
    await requireGrant(context, GrantId, key)
    requireRealRun({ DryRun })
    await changeKey(context, [context.kmsKeys.table.removeGrant(GrantId)], key)
    return {}
  },
})

const requireGrant = async ({ kmsKeys }: OperationContext, grantId: string, key: KmsKeyRow): Promise<KmsGrantRow> => {
  const row = await kmsKeys.table.grant(grantId)
  if (row?.key_id === key.key_id) return row
  throw awsError('InvalidGrantIdException', 'The grant ID is not valid.')
}
