import type { GetSecretValueRequest, GetSecretValueResponse } from '@keyplane/aws'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { secretId, versionId, versionStage } from '../../parsing/members.ts'
import { readOne } from '../versions/read-one.ts'
import type { SecretRow } from '../../storage/tables.ts'

export const getSecretValueShape: Shape<GetSecretValueRequest> = {
  SecretId: secretId,
  VersionId: versionId,
  VersionStage: versionStage,
}

/** Gives a secret's value: of the version asked for by id or label, else of the current one. */
export const getSecretValue = async (
  context: OperationContext,
  input: GetSecretValueRequest,
  found: SecretRow | undefined,
): Promise<GetSecretValueResponse> => {
  const { call } = context
  if (found) call.resource = found.arn
  const { output, versionId, statements } = await readOne(context, input, found)
  call.note({ VersionId: versionId })
  if (statements.length > 0) await call.commit(statements)
  return output
}
