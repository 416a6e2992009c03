import type { PutSecretValueRequest, PutSecretValueResponse } from '@keyplane/aws'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, requireWritable } from '../change-secret.ts'
import { requireToken } from '../versions/client-request-token.ts'
import { type Change, changeAll } from '../replicas/followers.ts'
import type { OperationContext } from '../../operation-context.ts'
import { listOf, type Shape, text } from '../../parsing/member.ts'
import { clientRequestToken, secretBinary, secretId, secretString, versionStage } from '../../parsing/members.ts'
import { secretTarget } from '../secret-target.ts'
import { givenValue } from '../versions/secret-value.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import { writeVersion } from '../versions/write-version.ts'

export const putSecretValueShape: Shape<PutSecretValueRequest> = {
  SecretId: secretId,
  ClientRequestToken: clientRequestToken,
  SecretBinary: secretBinary,
  SecretString: secretString,
  VersionStages: listOf(versionStage, { min: 1, max: 20 }),
  RotationToken: text({ min: 36, max: 256, pattern: /^[a-zA-Z0-9-]+$/ }),
}

/** Writes a new version, and moves the labels that it is to have. */
export const putSecretValue = (
  context: OperationContext,
  input: PutSecretValueRequest,
): Promise<PutSecretValueResponse> => putValueWhere(context, input, async () => undefined)

/** The same where `requireHolds` does not throw: what that reads of the secret holds until the version is there. */
export const putValueWhere = async (
  context: OperationContext,
  input: PutSecretValueRequest,
  requireHolds: () => Promise<void>,
): Promise<PutSecretValueResponse> => {
  const versionId = requireToken(input.ClientRequestToken)
  const value = givenValue(input)
  if (!value) throw awsError('InvalidRequestException', 'You must provide either SecretString or SecretBinary.')
  const version = { versionId, value, ...(input.VersionStages && { stages: input.VersionStages }) }
  context.call.note({ VersionId: versionId })
  return changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const loaded = requireWritable(found, context.nowMs)
    await requireHolds()
    const { secret } = loaded
    const { statements, labels } = await writeVersion(context, loaded, version)
    const output = { ARN: secret.arn, Name: secret.name, VersionId: versionId, VersionStages: labels }
    if (statements.length === 0) return { arn: secret.arn, statements, output }
    const change = async (member: LoadedSecret): Promise<Change> =>
      member === loaded ? { statements } : writeVersion(context, member, version)
    const changed = await changeAll(context, loaded, change, versionId)
    return { arn: secret.arn, ...changed, output }
  })
}
