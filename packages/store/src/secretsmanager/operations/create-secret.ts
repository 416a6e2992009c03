import {
  type CreateSecretRequest,
  type CreateSecretResponse,
  parseSecretArn,
  partitionOf,
  secretArn,
} from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { inputConditions } from '../../access/input-conditions.ts'
import { arnSuffix } from '../arn-suffix.ts'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, type Decided } from '../change-secret.ts'
import { requireToken } from '../versions/client-request-token.ts'
import { followersOf } from '../replicas/followers.ts'
import { requireKmsKey } from '../require-kms-key.ts'
import { requireUsableKey } from '../../kms/secret-key.ts'
import { makeReplicas, type ReplicaPlace, requireReplicaPlaces } from '../replicas/make-replicas.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, required, type Shape, text } from '../../parsing/member.ts'
import {
  arn,
  clientRequestToken,
  description,
  kmsKeyId,
  replicaRegions,
  secretBinary,
  secretString,
  secretType,
  tags,
} from '../../parsing/members.ts'
import { isGone } from '../recovery-window.ts'
import { replicationStatus } from '../replicas/replication-status.ts'
import { requireAccess } from '../require-access.ts'
import { requireSecretName, type SecretTarget } from '../secret-target.ts'
import { type GivenValue, givenValue, openOf, sameGiven } from '../versions/secret-value.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { SecretRow } from '../../storage/tables.ts'
import { newTags } from '../tags.ts'
import { writeVersion } from '../versions/write-version.ts'

export const createSecretShape: Shape<CreateSecretRequest> = {
  Name: required(text({ min: 1, max: 512 })),
  ClientRequestToken: clientRequestToken,
  Description: description,
  KmsKeyId: kmsKeyId,
  SecretBinary: secretBinary,
  SecretString: secretString,
  Tags: tags,
  AddReplicaRegions: replicaRegions,
  ForceOverwriteReplicaSecret: flag(),
  Type: secretType,
  CrossAccountPrimaryARN: arn,
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
  const places = requireReplicaPlaces(input.AddReplicaRegions ?? [], context)
  if (input.CrossAccountPrimaryARN !== undefined) requireCrossAccountReplica(context, input)
  await requireAccessToRest(context, input)
  const target: SecretTarget = { kind: 'name', id: name, account, region, name }
  return changeSecret(context, target, async (found) => {
    const cleared: Statement[] = []
    if (found) {
      if (!isGone(found.secret, context.nowMs)) return repeated(context, found, versionId, value)
      cleared.push(context.secrets.remove(found.secret))
    }
    return created(context, input, { versionId, value, places, cleared })
  })
}

/** What a call does besides making a secret is authorised by itself. */
const requireAccessToRest = async (context: OperationContext, input: CreateSecretRequest): Promise<void> => {
  const conditions = await inputConditions.create(input, context)
  const require = (action: string): Promise<unknown> => requireAccess(context, action, input.Name, conditions)
  if (input.Tags?.length) await require('secretsmanager:TagResource')
  if (input.AddReplicaRegions) await require('secretsmanager:ReplicateSecretToRegions')
  if (input.CrossAccountPrimaryARN !== undefined) await require('secretsmanager:PutResourcePolicy')
}

/** @throws AwsError InvalidParameterException for what a copy of another account's secret cannot be. */
const requireCrossAccountReplica = ({ caller }: OperationContext, input: CreateSecretRequest): void => {
  const own = ['AddReplicaRegions', 'Description', 'SecretBinary', 'SecretString', 'Type'] as const
  const given = own.filter((member) => input[member] !== undefined)
  const refuse = (why: string): never => {
    throw awsError('InvalidParameterException', why)
  }
  if (given.length > 0) refuse(`You can't include ${given.join(', ')} when you specify CrossAccountPrimaryARN.`)
  const primary = parseSecretArn(input.CrossAccountPrimaryARN ?? '')
  if (primary?.suffix === undefined) return refuse('CrossAccountPrimaryARN must be the complete ARN of a secret.')
  if (primary.account === caller.account) refuse('The primary secret must be in another account.')
  if (primary.region !== caller.region || primary.partition !== partitionOf(caller.region).name)
    refuse('The primary secret must be in the same Region and partition as the replica.')
  if (requireKmsKey(input.KmsKeyId, caller) === '')
    refuse('You must specify a customer managed KMS key for a cross-account replica secret.')
}

interface Creation {
  readonly versionId: string
  readonly value: GivenValue | undefined
  readonly places: readonly ReplicaPlace[]
  /** What makes room for it. */
  readonly cleared: readonly Statement[]
}

const created = async (
  context: OperationContext,
  input: CreateSecretRequest,
  { versionId, value, places, cleared }: Creation,
): Promise<Decided<CreateSecretResponse>> => {
  const secret = newSecret(context, input)
  await context.quota.require(secret.account, secret.region)
  if (input.KmsKeyId !== undefined) await requireUsableKey(context, secret)
  const tagRows = newTags(input.Tags ?? [], secret.id)
  const written = async (owner: SecretRow): Promise<readonly Statement[]> =>
    value ? (await writeVersion(context, { ...bare, secret: owner }, { versionId, value })).statements : []
  if (value) context.call.note({ VersionId: versionId })
  const force = input.ForceOverwriteReplicaSecret ?? false
  const wanted = { places, force, fill: written }
  const made = await makeReplicas(context, { ...bare, secret, tags: tagRows }, wanted)
  const status = replicationStatus({ secret, replicas: made.rows }, [], made.rows)
  return {
    arn: secret.arn,
    followers: made.followers,
    statements: [
      ...cleared,
      ...context.secrets.insert(secret, tagRows),
      ...(await written(secret)),
      ...made.statements,
    ],
    output: {
      ARN: secret.arn,
      Name: secret.name,
      ...(value && { VersionId: versionId }),
      ...(status.length > 0 && { ReplicationStatus: status }),
    },
  }
}

/** Of a secret that has nothing yet. */
const bare: Omit<LoadedSecret, 'secret'> = { tags: [], stages: [], replicas: [] }

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
  type: input.Type ?? '',
  tagged: input.Tags?.length ? 1 : 0,
  primary_region: input.AddReplicaRegions ? caller.region : null,
  replica_of: null,
  primary_arn: input.CrossAccountPrimaryARN ?? null,
  primary_status: input.CrossAccountPrimaryARN === undefined ? null : 'Pending',
})

/** The answer to a call whose name is taken: the same again if it is a repetition, a refusal if not. */
const repeated = async (
  context: OperationContext,
  found: LoadedSecret,
  versionId: string,
  value: GivenValue | undefined,
): Promise<Decided<CreateSecretResponse>> => {
  const { secret } = found
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
  const status = replicationStatus(found, await followersOf(context, found))
  return {
    arn: secret.arn,
    statements: [],
    output: {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: versionId,
      ...(status.length > 0 && { ReplicationStatus: status }),
    },
  }
}
