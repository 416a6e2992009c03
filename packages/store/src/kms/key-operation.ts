import type { Conditions } from '../access/caller-conditions.ts'
import { awsError } from '../aws-errors.ts'
import { type NamedOperation, operation } from '../operation.ts'
import type { OperationContext } from '../operation-context.ts'
import type { Shape } from '../parsing/member.ts'
import type { KmsKeyRow } from '../storage/tables.ts'
import type { EncryptionContext } from './encryption-context.ts'
import { findKey, type FoundKey } from './find-key.ts'
import { mayUseKey } from './key-access.ts'
import { parseKeyId } from './parse-key-id.ts'
import { aliasArn, keyArn } from './kms-keys.ts'

/** An operation that concerns one key: it is found, and the caller's access to it judged, before it runs. */
export interface KeyOperation<Input, Output extends object> {
  readonly name: string
  readonly shape: Shape<Input>
  readonly keyId: (input: Input) => string
  readonly run: (context: OperationContext, input: Input, key: KmsKeyRow) => Promise<Output>
  readonly encryptionContext?: (input: Input) => EncryptionContext | undefined
  readonly conditions?: (input: Input) => Conditions
  /** Whether a key of another account may be meant, where its policy allows it; by default it may not. */
  readonly acrossAccounts?: true
  /** Whether the key may be named by an alias; by default by its id or ARN only. */
  readonly byAlias?: true
}

export const keyOperation = <Input, Output extends object>(parts: KeyOperation<Input, Output>): NamedOperation => {
  const { name, shape, keyId, run, encryptionContext, conditions, acrossAccounts, byAlias } = parts
  return [
    name,
    operation({
      action: `kms:${name}`,
      shape,
      resource: keyId,
      authorize: async (context, input) => {
        const given = keyId(input)
        if (!byAlias) requireNoAlias(given)
        const found = await (acrossAccounts ? requireKey : requireOwnKey)(context, given, name)
        await requireKeyUse(context, found, {
          operation: name,
          given,
          ...(encryptionContext && { encryptionContext: encryptionContext(input) ?? {} }),
          ...(conditions && { conditions: conditions(input) }),
        })
        return found.key
      },
      run,
    }),
  ]
}

/**
 * The key that a text names. Whether a key of another account is there is told to nobody who may not use it.
 * @param operation that it is wanted for, without `kms:`
 * @throws AwsError NotFoundException; AccessDeniedException for a key of another account
 */
export const requireKey = async (context: OperationContext, given: string, operation: string): Promise<FoundKey> => {
  const found = await findKey(context, given, context.caller)
  if (!found && isForeign(context, given)) throw denied(context, operation, given)
  if (!found) throw notFound(context, given)
  context.call.resource = keyArn(found.key)
  return found
}

/** The same for what AWS offers within an account only. */
export const requireOwnKey = async (context: OperationContext, given: string, operation: string): Promise<FoundKey> => {
  if (isForeign(context, given)) throw denied(context, operation, given)
  return requireKey(context, given, operation)
}

const isForeign = ({ caller }: OperationContext, given: string): boolean =>
  (parseKeyId(given, caller)?.account ?? caller.account) !== caller.account

const denied = ({ caller }: OperationContext, operation: string, given: string): Error =>
  awsError(
    'AccessDeniedException',
    `User: ${caller.principal} is not authorized to perform: kms:${operation} on resource: ${given} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
  )

const notFound = ({ caller }: OperationContext, given: string): Error => {
  const named = parseKeyId(given, caller)
  const isAlias = named !== undefined && 'alias' in named
  return awsError(
    'NotFoundException',
    isAlias ? `Alias ${aliasArn(named.alias, named)} is not found.` : `Key '${given}' does not exist`,
  )
}

/**
 * For what takes a key's id or ARN only: an alias may lead to another key by the time that the call is made.
 * @throws AwsError NotFoundException
 */
export const requireNoAlias = (given: string): void => {
  if (given.includes('alias/')) throw awsError('NotFoundException', `Invalid keyId ${given}`)
}

interface Use extends Omit<Parameters<typeof mayUseKey>[1], 'key' | 'requestAlias' | 'asSent'> {
  /** The key as the caller named it; default: its ARN. */
  readonly given?: string
}

/** @throws AwsError AccessDeniedException */
export const requireKeyUse = async (
  context: OperationContext,
  { key, requestAlias }: FoundKey,
  { given = keyArn(key), ...use }: Use,
): Promise<void> => {
  const named = requestAlias !== undefined && { requestAlias }
  const decision = await mayUseKey(context, { ...use, key, asSent: keyArn(key), ...named })
  if (decision.allowed) return
  if (key.account !== context.caller.account) throw denied(context, use.operation, given)
  throw awsError('AccessDeniedException', decision.message)
}

/** @throws AwsError DisabledException, KMSInvalidStateException for a key that is not enabled */
export const requireEnabled = (key: KmsKeyRow): void => {
  if (key.state === 'disabled') throw awsError('DisabledException', `${keyArn(key)} is disabled.`)
  requireNotPending(key)
}

/** @throws AwsError KMSInvalidStateException */
export const requireNotPending = (key: KmsKeyRow): void => {
  if (key.state === 'pending_deletion')
    throw awsError('KMSInvalidStateException', `${keyArn(key)} is pending deletion.`)
}

/**
 * Ends a call that was only a try, when all has been asked that the call itself would ask.
 * @throws AwsError DryRunOperationException
 */
export const requireRealRun = ({ DryRun = false }: { readonly DryRun?: boolean }): void => {
  if (DryRun)
    throw awsError('DryRunOperationException', 'The request would have succeeded, but the DryRun option is set.')
}

/**
 * Writes a change of a key that is still as the change was judged by.
 * @throws AwsError KMSInvalidStateException where somebody else changed it in the meantime
 */
export const changeKey = async (
  { call, kmsKeys }: OperationContext,
  statements: Parameters<OperationContext['call']['commit']>[0],
  key: KmsKeyRow,
): Promise<void> => {
  if ((await call.commit([kmsKeys.table.hold(key), ...statements])) === 'conflict') throw beingChanged(keyArn(key))
}

/** Somebody else changed it in the meantime. */
export const beingChanged = (arn: string): Error =>
  awsError('KMSInvalidStateException', `${arn} is being changed; try again.`)
