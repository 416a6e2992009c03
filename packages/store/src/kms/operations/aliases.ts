import { awsError } from '../../aws-errors.ts'
import { type NamedOperation, operation } from '../../operation.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { judge } from '../../access/judge.ts'
import type { KmsAliasRow, KmsKeyRow } from '../../storage/tables.ts'
import { beingChanged, requireKeyUse, requireNotPending, requireOwnKey } from '../key-operation.ts'
import { aliasArn, keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'

interface AliasRequest {
  readonly AliasName: string
  readonly TargetKeyId: string
}
const shape: Shape<AliasRequest> = { AliasName: members.aliasName, TargetKeyId: members.keyId }

/** What an operation on an alias was judged by. */
interface JudgedAlias {
  /** The alias as it is; absent for one that is to be made. */
  readonly row?: KmsAliasRow
  /** The key that it leads to; absent where that is gone, or another account's. */
  readonly leaves?: KmsKeyRow
  /** The key that it is to lead to. */
  readonly target?: KmsKeyRow
}

interface AliasOperation<Input> {
  readonly name: string
  readonly shape: Shape<Input>
  readonly run: (context: OperationContext, input: Input, judged: JudgedAlias) => Promise<object>
  /** Whether the alias has to be there already. */
  readonly isThere: boolean
}

/** An operation on an alias: the caller has to be allowed to do it with the alias, and with each key that is concerned. */
const aliasOperation = <Input extends { readonly AliasName: string; readonly TargetKeyId?: string }>({
  name: operationName,
  shape: inputShape,
  run,
  isThere,
}: AliasOperation<Input>): NamedOperation => [
  operationName,
  operation({
    action: `kms:${operationName}`,
    shape: inputShape,
    resource: ({ AliasName }) => AliasName,
    authorize: async (context, { AliasName, TargetKeyId }) => {
      requireOwnName(AliasName)
      context.call.note({ Alias: AliasName })
      requireAliasUse(context, operationName, AliasName)
      const row = isThere ? await requireAlias(context, AliasName) : undefined
      const target = TargetKeyId === undefined ? undefined : await targetKey(context, TargetKeyId, operationName)
      const leaves = row && (await ownKey(context, row.key_id))
      for (const key of [leaves, target]) if (key) await requireKeyUse(context, { key }, { operation: operationName })
      context.call.resource = keyArn(target ?? leaves ?? { ...context.caller, key_id: row?.key_id ?? '' })
      return { ...(row && { row }), ...(leaves && { leaves }), ...(target && { target }) }
    },
    run,
  }),
]

/** @throws AwsError AccessDeniedException */
const requireAliasUse = ({ caller, nowMs }: OperationContext, operationName: string, name: string): void => {
  const resource = aliasArn(name, caller)
  const asked = { caller, nowMs, action: `kms:${operationName}`, resource, resourceAccount: caller.account }
  const decision = judge({ ...asked, asSent: resource, conditions: { 'kms:CallerAccount': caller.account } })
  if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
}

/** @throws AwsError ValidationException for an alias, NotFoundException, AccessDeniedException for another account's key */
const targetKey = async (context: OperationContext, given: string, operationName: string): Promise<KmsKeyRow> => {
  if (given.includes('alias/')) throw awsError('ValidationException', 'Aliases must refer to keys. Not aliases')
  return (await requireOwnKey(context, given, operationName)).key
}

const ownKey = async ({ kmsKeys, caller }: OperationContext, keyId: string): Promise<KmsKeyRow | undefined> => {
  const key = await kmsKeys.table.byId(keyId)
  return key?.account === caller.account && key.region === caller.region ? key : undefined
}

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

export const createAlias: NamedOperation = aliasOperation({
  name: 'CreateAlias',
  shape,
  isThere: false,
  run: async (context, { AliasName: name }, { target }) => {
    if (!target) return {}
    requireNotPending(target)
    const { kmsKeys, caller, call, nowMs } = context
    const { account, region } = caller
    const row = { account, region, name, key_id: target.key_id, created_at_ms: nowMs, updated_at_ms: nowMs }
    const statements = [kmsKeys.table.hold(target), kmsKeys.table.insertAlias(row)]
    if ((await call.commit(statements)) === 'committed') return {}
    if (!(await kmsKeys.table.alias(caller, name))) throw beingChanged(keyArn(target))
    throw awsError('AlreadyExistsException', `An alias with the name ${aliasArn(name, caller)} already exists`)
  },
})

export const updateAlias: NamedOperation = aliasOperation({
  name: 'UpdateAlias',
  shape,
  isThere: true,
  run: async ({ call, kmsKeys: { table }, nowMs }, _input, { row, leaves, target }) => {
    if (!row || !target) return {}
    // AWS: the key that the alias leaves may be pending deletion.
    requireNotPending(target)
    call.note({ PreviousKey: row.key_id })
    // In one order, so that two such calls do not wait for each other.
    const keys = [target, ...(leaves && leaves.key_id !== target.key_id ? [leaves] : [])]
    const held = keys.toSorted((a, b) => (a.key_id < b.key_id ? -1 : 1)).map(table.hold)
    const outcome = await call.commit([...held, table.moveAlias(row, target.key_id, nowMs)])
    if (outcome === 'conflict') throw beingChanged(aliasArn(row.name, row))
    return {}
  },
})

export const deleteAlias: NamedOperation = aliasOperation({
  name: 'DeleteAlias',
  shape: { AliasName: members.aliasName },
  isThere: true,
  run: async ({ call, kmsKeys: { table } }, _input, { row, leaves }) => {
    if (!row) return {}
    const outcome = await call.commit([...(leaves ? [table.hold(leaves)] : []), table.removeAlias(row)])
    if (outcome === 'conflict') throw beingChanged(aliasArn(row.name, row))
    return {}
  },
})
