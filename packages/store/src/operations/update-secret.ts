import type { UpdateSecretRequest, UpdateSecretResponse } from '@keyplane/aws'
import { changeSecret, requireActive } from '../change-secret.ts'
import { requireToken } from '../client-request-token.ts'
import { requireKmsKey } from '../kms-key-id.ts'
import type { OperationContext } from '../operation-context.ts'
import { type Shape, unavailable } from '../parsing/member.ts'
import { clientRequestToken, description, kmsKeyId, secretBinary, secretId, secretString } from '../parsing/members.ts'
import { secretTarget } from '../secret-target.ts'
import { givenValue } from '../secret-value.ts'
import { writeVersion } from '../write-version.ts'

export const updateSecretShape: Shape<UpdateSecretRequest> = {
  SecretId: secretId,
  ClientRequestToken: clientRequestToken,
  Description: description,
  KmsKeyId: kmsKeyId,
  SecretBinary: secretBinary,
  SecretString: secretString,
  Type: unavailable(),
}

/** Changes what is said about a secret, and writes a new current version if a value is given. */
export const updateSecret = async (
  context: OperationContext,
  input: UpdateSecretRequest,
): Promise<UpdateSecretResponse> => {
  const versionId = requireToken(input.ClientRequestToken)
  const value = givenValue(input)
  const facts = {
    ...(input.Description !== undefined && { description: input.Description }),
    ...(input.KmsKeyId !== undefined && { kms_key: requireKmsKey(input.KmsKeyId, context.caller) }),
  }
  if (value) context.call.note({ VersionId: versionId })
  return changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const loaded = requireActive(found, context.nowMs)
    const { secret } = loaded
    const written = value && (await writeVersion(context, loaded, { versionId, value }))
    const versionStatements = written?.statements ?? []
    const changes = Object.keys(facts).length > 0 || versionStatements.length > 0
    const guarded = context.secrets.update(secret, { ...facts, changed_at_ms: context.nowMs })
    return {
      arn: secret.arn,
      statements: changes ? [guarded, ...versionStatements] : [],
      output: { ARN: secret.arn, Name: secret.name, ...(value && { VersionId: versionId }) },
    }
  })
}
