import { SecretsError } from '@keyplane/core'
import type { Statement } from '@keyplane/database'
import { awsError } from '../aws-errors.ts'
import type { OperationContext } from '../operation-context.ts'
import { isGone } from './recovery-window.ts'
import type { SecretTarget } from './secret-target.ts'
import type { LoadedSecret } from '../storage/secrets-table.ts'
import type { SecretRow } from '../storage/tables.ts'

/** What an operation decided: the statements that make it so, none if it is so already, and the answer. */
export interface Decided<Output> {
  readonly statements: readonly Statement[]
  readonly output: Output
  /** The secret that is changed. */
  readonly arn: string
  /** Replicas that are changed with it, by ARN. */
  readonly followers?: readonly string[]
}

/** Each time somebody else was first. Where ten processes write one secret as fast as they can, all in turn get through. */
const maxAttempts = 100

/**
 * Asks once more whether the caller may, reads the secret, lets `decide` say what becomes of it, and writes that if nobody
 * has changed the secret in between, its policy and tags included; else all of it is done again. Resolves when the disk has the change and its audit record.
 */
export const changeSecret = <Output>(
  context: OperationContext,
  target: SecretTarget,
  decide: (found: LoadedSecret | undefined) => Promise<Decided<Output>>,
): Promise<Output> =>
  context.queue.run(`${target.account}/${target.region}/${target.name}`, async () => {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      await context.authorizeAgain?.()
      const { statements, output, arn, followers = [] } = await decide(await load(context, target))
      context.call.resource = arn
      if (statements.length === 0) return output
      if ((await context.call.commit(statements)) === 'conflict') continue
      for (const changed of [arn, ...followers]) context.onChange({ arn: changed, name: target.name })
      return output
    }
    throw new SecretsError('unavailable', 'The secret is being changed by too many at once.', { reason: 'contention' })
  })

/** The secret that is meant, if it is in the caller's region; one past its deletion date included. */
const load = async (context: OperationContext, target: SecretTarget): Promise<LoadedSecret | undefined> => {
  if (target.region !== context.caller.region) return undefined
  const found = await context.secrets.load(target)
  if (found) context.call.resource = found.secret.arn
  return found
}

/** The secret as it is to be described; `undefined` if there is none, or none any longer. */
export const loadPresent = async (context: OperationContext, target: SecretTarget): Promise<LoadedSecret | undefined> =>
  present(await load(context, target), context.nowMs)

export const present = (found: LoadedSecret | undefined, nowMs: number): LoadedSecret | undefined =>
  found && !isGone(found.secret, nowMs) ? found : undefined

/** @throws AwsError ResourceNotFoundException */
export const requirePresent = <T>(found: T | undefined): T => {
  if (found) return found
  throw awsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
}

/**
 * A secret that is there and not waiting for its deletion.
 * @throws AwsError ResourceNotFoundException, InvalidRequestException
 */
export const requireActive = (found: LoadedSecret | undefined, nowMs: number): LoadedSecret => {
  const loaded = requirePresent(present(found, nowMs))
  if (loaded.secret.deleted_at_ms === null) return loaded
  throw markedForDeletion()
}

/**
 * A secret that is there, not waiting for its deletion, and no replica.
 * @throws AwsError ResourceNotFoundException, InvalidRequestException, InvalidParameterException
 */
export const requireWritable = (found: LoadedSecret | undefined, nowMs: number): LoadedSecret => {
  const loaded = requireActive(found, nowMs)
  requireNoReplica(loaded.secret)
  return loaded
}

/**
 * The same for tags and policy, which a replica in another account has of its own.
 * @throws AwsError ResourceNotFoundException, InvalidRequestException, InvalidParameterException
 */
export const requireOwned = (found: LoadedSecret | undefined, nowMs: number): LoadedSecret => {
  const loaded = requireActive(found, nowMs)
  if (loaded.secret.primary_arn === null) requireNoReplica(loaded.secret)
  return loaded
}

/** @throws AwsError InvalidParameterException for a replica, which only follows its primary. */
export const requireNoReplica = (secret: SecretRow): void => {
  if (isReplica(secret))
    throw awsError(
      'InvalidParameterException',
      "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
    )
}

/** Whether a secret is a copy of another one: in another region, or made to be one of another account's. */
export const isReplica = ({ replica_of, primary_arn }: SecretRow): boolean =>
  replica_of !== null || primary_arn !== null

export const markedForDeletion = (): Error =>
  awsError(
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion.",
  )
