import type { Conditions } from '../access/caller-conditions.ts'
import { awsError } from '../aws-errors.ts'
import { type NamedOperation, operation } from '../operation.ts'
import type { OperationContext } from '../operation-context.ts'
import type { Shape } from '../parsing/member.ts'
import type { KmsKeyRow } from '../storage/tables.ts'
import type { EncryptionContext } from './encryption-context.ts'
import { findKey, type FoundKey } from './find-key.ts'
import { mayUseKey } from './key-access.ts'
import { keyArn } from './kms-keys.ts'

/** An operation that concerns one key: it is found, and the caller's access to it judged, before it runs. */
export interface KeyOperation<Input, Output extends object> {
  readonly name: string
  readonly shape: Shape<Input>
  readonly keyId: (input: Input) => string
  readonly run: (context: OperationContext, input: Input, key: KmsKeyRow) => Promise<Output>
  readonly encryptionContext?: (input: Input) => EncryptionContext | undefined
  readonly conditions?: (input: Input) => Conditions
}

export const keyOperation = <Input, Output extends object>(parts: KeyOperation<Input, Output>): NamedOperation => {
  const { name, shape, keyId, run, encryptionContext, conditions } = parts
  return [
    name,
    operation({
      action: `kms:${name}`,
      shape,
      resource: keyId,
      authorize: async (context, input) => {
        const found = await requireKey(context, keyId(input))
        await requireKeyUse(context, found, {
          operation: name,
          asSent: keyArn(found.key),
          ...(encryptionContext && { encryptionContext: encryptionContext(input) ?? {} }),
          ...(conditions && { conditions: conditions(input) }),
        })
        return found.key
      },
      run,
    }),
  ]
}

/** @throws AwsError NotFoundException; AccessDeniedException for a key of another account */
export const requireKey = async (context: OperationContext, given: string): Promise<FoundKey> => {
  const found = await findKey(context, given, context.caller)
  if (!found) throw notFound(given)
  context.call.resource = keyArn(found.key)
  return found
}

const notFound = (given: string): Error =>
  awsError(
    'NotFoundException',
    given.includes('alias/') ? `Alias ${given} is not found.` : `Key '${given}' does not exist`,
  )

type Use = Omit<Parameters<typeof mayUseKey>[1], 'key' | 'requestAlias'>

/** @throws AwsError AccessDeniedException */
export const requireKeyUse = async (
  context: OperationContext,
  { key, requestAlias }: FoundKey,
  use: Use,
): Promise<void> => {
  const decision = await mayUseKey(context, { ...use, key, ...(requestAlias !== undefined && { requestAlias }) })
  if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
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
 * Writes a change of a key.
 * @throws AwsError KMSInvalidStateException where somebody else changed it in the meantime
 */
export const changeKey = async (
  { call }: OperationContext,
  statements: Parameters<OperationContext['call']['commit']>[0],
  key: KmsKeyRow,
): Promise<void> => {
  if ((await call.commit(statements)) === 'conflict')
    throw awsError('KMSInvalidStateException', `${keyArn(key)} is being changed; try again.`)
}
