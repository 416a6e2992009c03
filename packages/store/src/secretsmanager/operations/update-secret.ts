import type { UpdateSecretRequest, UpdateSecretResponse } from '@keyplane/aws'
import { changeSecret, type Decided, isReplica, requireActive, requireNoReplica } from '../change-secret.ts'
import { requireToken } from '../versions/client-request-token.ts'
import { type Change, changeAll } from '../replicas/followers.ts'
import { requireUsableKey } from '../../kms/secret-key.ts'
import { requireKmsKey } from '../require-kms-key.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import {
  clientRequestToken,
  description,
  kmsKeyId,
  secretBinary,
  secretId,
  secretString,
  secretType,
} from '../../parsing/members.ts'
import { resealVersions } from '../versions/reseal-versions.ts'
import { secretTarget } from '../secret-target.ts'
import { type GivenValue, givenValue } from '../versions/secret-value.ts'
import type { LoadedSecret, SecretChange } from '../../storage/secrets-table.ts'
import type { SecretRow } from '../../storage/tables.ts'
import { writeVersion } from '../versions/write-version.ts'

export const updateSecretShape: Shape<UpdateSecretRequest> = {
  SecretId: secretId,
  ClientRequestToken: clientRequestToken,
  Description: description,
  KmsKeyId: kmsKeyId,
  SecretBinary: secretBinary,
  SecretString: secretString,
  Type: secretType,
}

/** Changes what is said about a secret, and writes a new current version if a value is given. */
export const updateSecret = async (
  context: OperationContext,
  input: UpdateSecretRequest,
): Promise<UpdateSecretResponse> => {
  const versionId = requireToken(input.ClientRequestToken)
  const value = givenValue(input)
  const update: Update = {
    versionId,
    value,
    facts: {
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.Type !== undefined && { type: input.Type }),
    },
    kmsKey: input.KmsKeyId === undefined ? undefined : requireKmsKey(input.KmsKeyId, context.caller),
  }
  if (value) context.call.note({ VersionId: versionId })
  return changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const loaded = requireActive(found, context.nowMs)
    // A replica's key is the one thing that is its own.
    const onlyKey = update.kmsKey !== undefined && !value && Object.keys(update.facts).length === 0
    if (isReplica(loaded.secret) && onlyKey) return replicaKeyChanged(context, loaded, update)
    requireNoReplica(loaded.secret)
    return updated(context, loaded, update)
  })
}

interface Update {
  readonly versionId: string
  readonly value: GivenValue | undefined
  /** What replicas say too. */
  readonly facts: SecretChange
  readonly kmsKey: string | undefined
}

const updated = async (
  context: OperationContext,
  loaded: LoadedSecret,
  { versionId, value, facts, kmsKey }: Update,
): Promise<Decided<UpdateSecretResponse>> => {
  const { arn, name } = loaded.secret
  const secret = withKey(loaded.secret, kmsKey)
  if (secret !== loaded.secret) await requireUsableKey(context, secret)
  const written = value && (await writeVersion(context, { ...loaded, secret }, { versionId, value }))
  const output = { ARN: arn, Name: name, ...(value && { VersionId: versionId }) }
  const isNew = written !== undefined && written.statements.length > 0
  if (!isNew && kmsKey === undefined && Object.keys(facts).length === 0) return { arn, statements: [], output }
  const resealed = secret === loaded.secret ? [] : await resealVersions(context, loaded, secret)
  const change = async (member: LoadedSecret): Promise<Change> => {
    const own = { ...facts, kms_key: secret.kms_key }
    if (member === loaded) return { facts: own, statements: [...resealed, ...(written?.statements ?? [])] }
    const copied = isNew && value ? await writeVersion(context, member, { versionId, value }) : { statements: [] }
    return { facts, statements: copied.statements }
  }
  return { arn, ...(await changeAll(context, loaded, change, value && versionId)), output }
}

const replicaKeyChanged = async (
  context: OperationContext,
  loaded: LoadedSecret,
  { kmsKey }: Update,
): Promise<Decided<UpdateSecretResponse>> => {
  const secret = withKey(loaded.secret, kmsKey)
  if (secret !== loaded.secret) await requireUsableKey(context, secret)
  const resealed = secret === loaded.secret ? [] : await resealVersions(context, loaded, secret)
  const change = { kms_key: secret.kms_key, changed_at_ms: context.nowMs }
  return {
    arn: secret.arn,
    statements: [context.secrets.update(loaded.secret, change), ...resealed],
    output: { ARN: secret.arn, Name: secret.name },
  }
}

/** The secret under the key that is asked for; the same one if that is no change. */
const withKey = (secret: SecretRow, kmsKey: string | undefined): SecretRow =>
  kmsKey === undefined || kmsKey === secret.kms_key ? secret : { ...secret, kms_key: kmsKey }
