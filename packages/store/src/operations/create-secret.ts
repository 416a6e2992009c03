import { type CreateSecretRequest, type CreateSecretResponse, secretArn } from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { awsError } from '../aws-errors.ts'
import { changeSecret, type Decided } from '../change-secret.ts'
import { requireToken } from '../client-request-token.ts'
import { requireKmsKey } from '../kms-key-id.ts'
import type { OperationContext } from '../operation-context.ts'
import { flag, required, type Shape, text, unavailable } from '../parsing/member.ts'
import { clientRequestToken, description, kmsKeyId, secretBinary, secretString, tags } from '../parsing/members.ts'
import { isGone } from '../recovery-window.ts'
import { arnSuffix } from '../arn-suffix.ts'
import { type GivenValue, givenValue, openOf, sameGiven } from '../secret-value.ts'
import { requireSecretName, type SecretTarget } from '../secret-target.ts'
import type { SecretRow } from '../storage/tables.ts'
import { requireTags } from '../tags.ts'
import { writeVersion } from '../write-version.ts'

export const createSecretShape: Shape<CreateSecretRequest> = {
  Name: required(text({ min: 1, max: 512 })),
  ClientRequestToken: clientRequestToken,
  Description: description,
  KmsKeyId: kmsKeyId,
  SecretBinary: secretBinary,
  SecretString: secretString,
  Tags: tags,
  AddReplicaRegions: unavailable(),
  ForceOverwriteReplicaSecret: flag(),
  Type: unavailable(),
  CrossAccountPrimaryARN: unavailable(),
}

/** Makes a secret, with a first version if a value is given. The same token with the same value again changes nothing. */
export const createSecret = async (
  context: OperationContext,
  input: CreateSecretRequest,
): Promise<CreateSecretResponse> => {
  const { account, region } = context.caller
  const name = requireSecretName(input.Name)
  const versionId = requireToken(input.ClientRequestToken)
  const value = givenValue(input)
  const target: SecretTarget = { kind: 'name', id: name, account, region, name }
  return changeSecret(context, target, async (found) => {
    const cleared: Statement[] = []
    if (found) {
      if (!isGone(found.secret, context.nowMs)) return repeated(context, found.secret, versionId, value)
      cleared.push(context.secrets.remove(found.secret))
    }
    return created(context, input, { versionId, value, cleared })
  })
}

interface Creation {
  readonly versionId: string
  readonly value: GivenValue | undefined
  /** What makes room for it. */
  readonly cleared: readonly Statement[]
}

const created = async (
  context: OperationContext,
  input: CreateSecretRequest,
  { versionId, value, cleared }: Creation,
): Promise<Decided<CreateSecretResponse>> => {
  const secret = newSecret(context, input)
  const tagRows = requireTags(input.Tags ?? [], secret.id)
  const written =
    value && (await writeVersion(context, { secret, tags: [], stages: [], replicas: [] }, { versionId, value }))
  if (written) context.call.note({ VersionId: versionId })
  return {
    arn: secret.arn,
    statements: [...cleared, ...context.secrets.insert(secret, tagRows), ...(written?.statements ?? [])],
    output: { ARN: secret.arn, Name: secret.name, ...(written && { VersionId: versionId }) },
  }
}

const newSecret = ({ caller, nowMs, random, rowIds }: OperationContext, input: CreateSecretRequest): SecretRow => ({
  id: rowIds.next(nowMs, random),
  account: caller.account,
  region: caller.region,
  name: input.Name,
  arn: secretArn({ region: caller.region, account: caller.account, name: input.Name, suffix: arnSuffix(random) }),
  description: input.Description ?? '',
  kms_key: requireKmsKey(input.KmsKeyId, caller),
  created_by: caller.principal,
  created_at_ms: nowMs,
  changed_at_ms: nowMs,
  accessed_at_ms: 0,
  deleted_at_ms: null,
  gone_at_ms: null,
  revision: 1,
  type: '',
  tagged: input.Tags?.length ? 1 : 0,
  primary_region: null,
  replica_of: null,
  primary_arn: null,
  primary_status: null,
})

/** The answer to a call whose name is taken: the same again if it is a repetition, a refusal if not. */
const repeated = async (
  context: OperationContext,
  secret: SecretRow,
  versionId: string,
  value: GivenValue | undefined,
): Promise<Decided<CreateSecretResponse>> => {
  if (secret.deleted_at_ms !== null)
    throw awsError(
      'InvalidRequestException',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )
  const existing = await context.versions.byId(secret.id, versionId)
  const known = existing && (await openOf(context, secret, existing.version))
  if (!known || !value)
    throw awsError('ResourceExistsException', `The operation failed because the secret ${secret.name} already exists.`)
  if (!sameGiven(known, value))
    throw awsError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${versionId} because that value is already in use for a version of secret ${secret.arn}.`,
    )
  return { arn: secret.arn, statements: [], output: { ARN: secret.arn, Name: secret.name, VersionId: versionId } }
}
