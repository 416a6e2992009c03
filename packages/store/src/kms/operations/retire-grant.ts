import type { KeyGrant } from '@keyplane/policy'
import { awsError } from '../../aws-errors.ts'
import { type NamedOperation, operation } from '../../operation.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, type Shape, text } from '../../parsing/member.ts'
import type { KmsGrantRow, KmsKeyRow } from '../../storage/tables.ts'
import type { FoundKey } from '../find-key.ts'
import { grantOf } from '../key-access.ts'
import { changeKey, requireKey, requireKeyUse, requireRealRun } from '../key-operation.ts'
import * as members from '../members.ts'

interface RetireGrantRequest {
  readonly GrantToken?: string
  readonly KeyId?: string
  readonly GrantId?: string
  readonly DryRun?: boolean
}

const shape: Shape<RetireGrantRequest> = {
  GrantToken: text({ min: 1, max: 8192 }),
  KeyId: members.optionalKeyId,
  GrantId: members.grantId,
  DryRun: flag(),
}

/** Ends a grant: by its retiring principal or its grantee where it says so, else by who may retire grants of the key. */
export const retireGrant: NamedOperation = [
  'RetireGrant',
  operation({
    action: 'kms:RetireGrant',
    shape,
    resource: ({ KeyId }) => KeyId,
    authorize: async (context, input) => {
      const { grant, found } = await grantAndKey(context, input)
      context.call.note({ GrantId: grant.grant_id })
      const given = input.GrantToken === undefined && input.KeyId !== undefined && { given: input.KeyId }
      await requireKeyUse(context, found, { operation: 'RetireGrant', grants: retirableBy(grant), ...given })
      return { grant, key: found.key }
    },
    run: async (context, input, { grant, key }) => {
      requireRealRun(input)
      await changeKey(context, [context.kmsKeys.table.removeGrant(grant.grant_id)], key)
      return {}
    },
  }),
]

interface Retirable {
  readonly grant: KmsGrantRow
  readonly found: FoundKey
}

/** @throws AwsError InvalidGrantIdException, NotFoundException, AccessDeniedException */
const grantAndKey = async (
  context: OperationContext,
  { GrantToken, KeyId, GrantId }: RetireGrantRequest,
): Promise<Retirable> => {
  const { table } = context.kmsKeys
  const id = GrantToken ?? GrantId
  const grant = id === undefined ? undefined : await table.grant(id)
  const found = await keyMeant(context, grant, GrantToken === undefined ? KeyId : undefined)
  if (grant && found && found.key.key_id === grant.key_id && (GrantToken ?? KeyId) !== undefined)
    return { grant, found }
  // Whether a key of another account is there is told only to who may use it.
  if (found)
    await requireKeyUse(context, found, { operation: 'RetireGrant', grants: [], ...(KeyId && { given: KeyId }) })
  throw awsError('InvalidGrantIdException', 'The grant ID is not valid.')
}

const keyMeant = async (
  context: OperationContext,
  grant: KmsGrantRow | undefined,
  given: string | undefined,
): Promise<FoundKey | undefined> => {
  if (given !== undefined) return requireKey(context, given, 'RetireGrant')
  const key: KmsKeyRow | undefined = grant && (await context.kmsKeys.table.byId(grant.key_id))
  return key && key.region === context.caller.region ? { key } : undefined
}

/** What a grant says of its own end. */
const retirableBy = (grant: KmsGrantRow): readonly KeyGrant[] => [
  grantOf(grant),
  ...(grant.retiring === null ? [] : [{ granteePrincipal: grant.retiring, operations: ['RetireGrant'] }]),
]
