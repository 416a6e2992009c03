import { Buffer } from 'node:buffer'
import type { GetSecretValueRequest, GetSecretValueResponse } from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { awsError } from '../../aws-errors.ts'
import { markedForDeletion, requirePresent } from '../change-secret.ts'
import type { OperationContext } from '../../operation-context.ts'
import { dayMs } from '../../day.ts'
import { epochSeconds } from '../../epoch-seconds.ts'
import { type GivenValue, openOf } from './secret-value.ts'
import type { SecretRow } from '../../storage/tables.ts'
import type { FoundVersion } from '../../storage/versions-table.ts'
import { current } from './version-stages.ts'

/** A value that was read. */
export interface ReadValue {
  readonly arn: string
  readonly versionId: string
  readonly output: GetSecretValueResponse
  /** What notes the day of the read; none if that day is noted already. */
  readonly statements: readonly Statement[]
}

/**
 * Reads the value of a secret that was found on the way to authorise the call: of the version asked for by id or label,
 * else of the current one.
 * @throws AwsError ResourceNotFoundException, InvalidRequestException
 */
export const readOne = async (
  context: OperationContext,
  input: GetSecretValueRequest,
  found: SecretRow | undefined,
): Promise<ReadValue> => {
  const secret = requirePresent(found)
  if (secret.deleted_at_ms !== null) throw markedForDeletion()
  const foundVersion = await findVersion(context, secret, input)
  const value = foundVersion && (await opened(context, secret, foundVersion))
  if (!foundVersion || !value) throw noValue(input)
  const { version, labels } = foundVersion
  return {
    arn: secret.arn,
    versionId: version.version_id,
    output: {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: version.version_id,
      ...(value.kind === 'text'
        ? { SecretString: Buffer.from(value.bytes).toString() }
        : { SecretBinary: Buffer.from(value.bytes).toString('base64') }),
      ...(labels.length > 0 && { VersionStages: labels }),
      CreatedDate: epochSeconds(version.created_at_ms),
    },
    statements: accessNoted(context, secret, foundVersion),
  }
}

const opened = async (
  context: OperationContext,
  secret: SecretRow,
  { version, labels }: FoundVersion,
): Promise<GivenValue | undefined> => {
  try {
    return await openOf(context, secret, version)
  } catch (error) {
    context.labelled.forget(secret, labels)
    throw error
  }
}

const findVersion = async (
  { versions, labelled }: OperationContext,
  secret: SecretRow,
  { VersionId, VersionStage }: GetSecretValueRequest,
): Promise<FoundVersion | undefined> => {
  if (VersionId === undefined) return labelled.byLabel(secret, VersionStage ?? current)
  const found = await versions.byId(secret.id, VersionId)
  if (found && VersionStage !== undefined && !found.labels.includes(VersionStage))
    throw awsError(
      'InvalidRequestException',
      'You provided a VersionStage that is not associated to the provided VersionId.',
    )
  return found
}

const noValue = ({ VersionId, VersionStage }: GetSecretValueRequest): Error =>
  awsError(
    'ResourceNotFoundException',
    VersionId === undefined
      ? `Secrets Manager can't find the specified secret value for staging label: ${VersionStage ?? current}`
      : `Secrets Manager can't find the specified secret value for VersionId: ${VersionId}`,
  )

/** The day of the last read, written at most once a day for a secret and a version. */
const accessNoted = (
  { secrets, versions, labelled, nowMs }: OperationContext,
  secret: SecretRow,
  { version, labels }: FoundVersion,
): readonly Statement[] => {
  const today = nowMs - (nowMs % dayMs)
  if (version.accessed_at_ms < today) labelled.forget(secret, labels)
  return [
    ...(secret.accessed_at_ms < today ? [secrets.touch(secret.id, today)] : []),
    ...(version.accessed_at_ms < today ? [versions.touch(secret.id, version.version_id, today)] : []),
  ]
}
