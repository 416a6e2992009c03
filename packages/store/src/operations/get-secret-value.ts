import { Buffer } from 'node:buffer'
import type { GetSecretValueRequest, GetSecretValueResponse } from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { awsError } from '../aws-errors.ts'
import { markedForDeletion, requirePresent } from '../change-secret.ts'
import type { OperationContext } from '../operation-context.ts'
import type { Shape } from '../parsing/member.ts'
import { secretId, versionId, versionStage } from '../parsing/members.ts'
import { dayMs, isGone } from '../recovery-window.ts'
import { seconds } from '../secret-facts.ts'
import { secretTarget } from '../secret-target.ts'
import { openOf } from '../secret-value.ts'
import type { SecretRow } from '../storage/tables.ts'
import type { FoundVersion } from '../storage/versions-table.ts'
import { current } from '../version-stages.ts'

export const getSecretValueShape: Shape<GetSecretValueRequest> = {
  SecretId: secretId,
  VersionId: versionId,
  VersionStage: versionStage,
}

/** Gives a secret's value: of the version asked for by id or label, else of the current one. */
export const getSecretValue = async (
  context: OperationContext,
  input: GetSecretValueRequest,
): Promise<GetSecretValueResponse> => {
  const secret = await findActive(context, input.SecretId)
  const found = await findVersion(context, secret, input)
  const value = found && (await openOf(context, secret, found.version))
  if (!found || !value) throw noValue(input)
  const { version, labels } = found
  context.call.note({ VersionId: version.version_id })
  await noteAccess(context, secret, found)
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.version_id,
    ...(value.kind === 'text'
      ? { SecretString: Buffer.from(value.bytes).toString() }
      : { SecretBinary: Buffer.from(value.bytes).toString('base64') }),
    ...(labels.length > 0 && { VersionStages: labels }),
    CreatedDate: seconds(version.created_at_ms),
  }
}

const findActive = async (context: OperationContext, id: string): Promise<SecretRow> => {
  const { caller, secrets, nowMs, call } = context
  const target = secretTarget(id, caller)
  const found = target.region === caller.region ? await secrets.find(target) : undefined
  const secret = requirePresent(found && !isGone(found, nowMs) ? found : undefined)
  call.resource = secret.arn
  if (secret.deleted_at_ms !== null) throw markedForDeletion()
  return secret
}

const findVersion = async (
  { versions }: OperationContext,
  secret: SecretRow,
  { VersionId, VersionStage }: GetSecretValueRequest,
): Promise<FoundVersion | undefined> => {
  if (VersionId === undefined) return versions.byLabel(secret.id, VersionStage ?? current)
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
const noteAccess = async (
  { call, secrets, versions, nowMs }: OperationContext,
  secret: SecretRow,
  { version }: FoundVersion,
): Promise<void> => {
  const today = nowMs - (nowMs % dayMs)
  const statements: Statement[] = []
  if (secret.accessed_at_ms < today) statements.push(secrets.touch(secret.id, today))
  if (version.accessed_at_ms < today) statements.push(versions.touch(secret.id, version.version_id, today))
  if (statements.length > 0) await call.commit(statements)
}
