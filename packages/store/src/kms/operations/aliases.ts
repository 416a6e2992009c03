import { awsError } from '../../aws-errors.ts'
import { type NamedOperation, operation } from '../../operation.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { judge } from '../../access/judge.ts'
import { seconds } from '../../secretsmanager/secret-facts.ts'
import type { KmsAliasRow, KmsKeyRow } from '../../storage/tables.ts'
import { accountOperation } from '../account-operation.ts'
import { changeKey, requireKey, requireKeyUse } from '../key-operation.ts'
import { aliasArn, defaultKeyAlias, keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'

interface AliasRequest {
  readonly AliasName: string
  readonly TargetKeyId: string
}
const shape: Shape<AliasRequest> = { AliasName: members.aliasName, TargetKeyId: members.keyId }

/** An operation on an alias: the caller has to be allowed to do it with the alias, and with the key behind it. */
const aliasOperation = <Input extends { readonly AliasName: string }>(
  name: string,
  inputShape: Shape<Input>,
  keyId: (context: OperationContext, input: Input) => Promise<string>,
  run: (context: OperationContext, input: Input, key: KmsKeyRow) => Promise<object>,
): NamedOperation => [
  name,
  operation({
    action: `kms:${name}`,
    shape: inputShape,
    resource: ({ AliasName }) => AliasName,
    authorize: async (context, input) => {
      const { caller, nowMs } = context
      requireOwnName(input.AliasName)
      const found = await requireKey(context, await keyId(context, input))
      await requireKeyUse(context, found, { operation: name, asSent: keyArn(found.key) })
      const resource = aliasArn(input.AliasName, caller)
      const asked = { caller, nowMs, action: `kms:${name}`, resource, resourceAccount: caller.account }
      const decision = judge({ ...asked, asSent: resource })
      if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
      return found.key
    },
    run,
  }),
]

/** @throws AwsError InvalidAliasNameException, ValidationException for names that only AWS gives */
const requireOwnName = (name: string): void => {
  if (!/^alias\/[\w/-]+$/.test(name))
    throw awsError(
      'ValidationException',
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    )
  if (name.startsWith('alias/aws/'))
    throw awsError('InvalidAliasNameException', 'Aliases that begin with alias/aws/ are reserved.')
}

const requireAlias = async ({ kmsKeys, caller }: OperationContext, name: string): Promise<KmsAliasRow> => {
  const row = await kmsKeys.table.alias(caller, name)
  if (row) return row
  throw awsError('NotFoundException', `Alias ${aliasArn(name, caller)} is not found.`)
}

export const createAlias: NamedOperation = aliasOperation(
  'CreateAlias',
  shape,
  async (_context, { TargetKeyId }) => TargetKeyId,
  async ({ kmsKeys, caller, call, nowMs }, { AliasName: name }, { key_id }) => {
    const { account, region } = caller
    const row = { account, region, name, key_id, created_at_ms: nowMs, updated_at_ms: nowMs }
    if ((await call.commit([kmsKeys.table.insertAlias(row)])) === 'conflict')
      throw awsError('AlreadyExistsException', `An alias with the name ${aliasArn(name, caller)} already exists`)
    return {}
  },
)

export const updateAlias: NamedOperation = aliasOperation(
  'UpdateAlias',
  shape,
  async (_context, { TargetKeyId }) => TargetKeyId,
  async (context, { AliasName }, key) => {
    const row = await requireAlias(context, AliasName)
    await changeKey(context, [context.kmsKeys.table.moveAlias(row, key.key_id, context.nowMs)], key)
    return {}
  },
)

export const deleteAlias: NamedOperation = aliasOperation(
  'DeleteAlias',
  { AliasName: members.aliasName },
  async (context, { AliasName }) => (await requireAlias(context, AliasName)).key_id,
  async (context, { AliasName }, key) => {
    const row = await requireAlias(context, AliasName)
    await changeKey(context, [context.kmsKeys.table.removeAlias(row)], key)
    return {}
  },
)

interface ListAliasesRequest {
  readonly KeyId?: string
  readonly Limit?: number
  readonly Marker?: string
}

/** The caller's aliases in the order of their names; the store's own first. */
export const listAliases: NamedOperation = accountOperation(
  'ListAliases',
  { KeyId: members.optionalKeyId, Limit: members.limit, Marker: members.marker } satisfies Shape<ListAliasesRequest>,
  async (context, { KeyId, Limit = 50, Marker }: ListAliasesRequest) => {
    const { kmsKeys, caller } = context
    const only = KeyId === undefined ? undefined : (await requireKey(context, KeyId)).key.key_id
    const page = await kmsKeys.table.listAliases(caller, { after: Marker ?? '', limit: Limit + 1 })
    const managed =
      Marker === undefined ? await kmsKeys.table.byAlias(caller.account, caller.region, defaultKeyAlias) : undefined
    const own = page.slice(0, Limit)
    const entry = (name: string, keyId: string, created: number, updated: number) => ({
      AliasName: name,
      AliasArn: aliasArn(name, caller),
      TargetKeyId: keyId,
      CreationDate: seconds(created),
      LastUpdatedDate: seconds(updated),
    })
    const all = [
      ...(managed ? [entry(defaultKeyAlias, managed.key_id, managed.created_at_ms, managed.created_at_ms)] : []),
      ...own.map((row) => entry(row.name, row.key_id, row.created_at_ms, row.updated_at_ms)),
    ]
    const last = own.at(-1)
    return {
      Aliases: only === undefined ? all : all.filter(({ TargetKeyId }) => TargetKeyId === only),
      Truncated: page.length > Limit,
      ...(page.length > Limit && last && { NextMarker: last.name }),
    }
  },
)
