import {
  type AssociateCrossAccountReplicaRequest,
  type AssociateCrossAccountReplicaResponse,
  parseSecretArn,
  partitionOf,
} from '@keyplane/aws'
import type { Policy } from '@keyplane/policy'
import { judge } from '../../access/judge.ts'
import { awsError } from '../../aws-errors.ts'
import { changeSecret, type Decided, requireActive, requireWritable } from '../change-secret.ts'
import { copyLabelledVersions } from '../versions/copy-versions.ts'
import type { OperationContext } from '../../operation-context.ts'
import { oneOf, required, type Shape } from '../../parsing/member.ts'
import { arn, secretId } from '../../parsing/members.ts'
import { requireAccess } from '../require-access.ts'
import { secretTarget } from '../secret-target.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { ReplicaRow, SecretRow } from '../../storage/tables.ts'

export const associateCrossAccountReplicaShape: Shape<AssociateCrossAccountReplicaRequest> = {
  SecretId: secretId,
  CrossAccountReplicaARN: required(arn),
  ReplicaRestriction: oneOf('SameOrg', 'NoRestriction'),
  ReplicationRoleARN: arn,
}

/** Lets a secret of another account, which was made to be a copy of this one, follow it. Again is repair. */
export const associateCrossAccountReplica = async (
  context: OperationContext,
  input: AssociateCrossAccountReplicaRequest,
): Promise<AssociateCrossAccountReplicaResponse> => {
  const { CrossAccountReplicaARN: replicaArn } = input
  requireReplicaArn(context, replicaArn)
  requireRole(context, input.ReplicationRoleARN)
  await requireAccess(context, 'secretsmanager:GetSecretValue', input.SecretId)
  return changeSecret(context, secretTarget(input.SecretId, context.caller), async (found) => {
    const primary = requireWritable(found, context.nowMs)
    await requireAcceptance(context, primary.secret, replicaArn)
    const replica = await requireReplica(context, primary, replicaArn)
    return associated(context, primary, replica, input.ReplicationRoleARN ?? null)
  })
}

/** @throws AwsError InvalidParameterException */
const requireReplicaArn = ({ caller }: OperationContext, replicaArn: string): void => {
  const parsed = parseSecretArn(replicaArn)
  const isElsewhere = parsed?.region !== caller.region || parsed.partition !== partitionOf(caller.region).name
  if (parsed?.suffix === undefined || isElsewhere || parsed.account === caller.account)
    throw awsError(
      'InvalidParameterException',
      'CrossAccountReplicaARN must be the complete ARN of a secret in another account, in the same Region and partition.',
    )
}

/** @throws AwsError InvalidParameterException */
const requireRole = ({ caller }: OperationContext, role: string | undefined): void => {
  if (role !== undefined && !new RegExp(`^arn:[a-z-]+:iam::${caller.account}:role/.+$`).test(role))
    throw awsError('InvalidParameterException', "ReplicationRoleARN must be a role in the primary secret's account.")
}

const accept = 'secretsmanager:AcceptCrossAccountReplication'

/**
 * Whoever makes a secret to be a replica lets the primary's account write to it, whatever its policy says; the caller
 * needs the right from his own account too. Of any other secret he is told nothing that its policy does not allow.
 * @throws AwsError AccessDeniedException
 */
const requireAcceptance = async (
  { access, caller, nowMs }: OperationContext,
  primary: SecretRow,
  replicaArn: string,
): Promise<void> => {
  const { question, found } = await access.question({ caller, nowMs, action: accept, secretId: replicaArn })
  const guard = { kind: 'resource', policy: acceptance(primary.account) } as const
  const decision = judge(found?.primary_arn === primary.arn ? { ...question, guard } : question)
  if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
}

const acceptance = (account: string): Policy => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: [account] }, Action: [accept], Resource: ['*'] }],
})

/** @throws AwsError ResourceNotFoundException, InvalidRequestException, LimitExceededException */
const requireReplica = async (
  context: OperationContext,
  primary: LoadedSecret,
  replicaArn: string,
): Promise<LoadedSecret> => {
  const target = secretTarget(replicaArn, context.caller)
  const replica = requireActive(await context.secrets.load(target), context.nowMs)
  if (replica.secret.primary_arn !== primary.secret.arn)
    throw awsError('InvalidRequestException', 'The secret was not created as a replica of the primary secret.')
  const others = primary.replicas.filter(
    ({ region, arn: other, replica_id }) =>
      region === primary.secret.region && other !== replicaArn && replica_id !== null,
  )
  if (others.length > 0)
    throw awsError('LimitExceededException', 'A primary secret can have at most one cross-account replica.')
  return replica
}

const associated = async (
  context: OperationContext,
  primary: LoadedSecret,
  replica: LoadedSecret,
  role_arn: string | null,
): Promise<Decided<AssociateCrossAccountReplicaResponse>> => {
  const { secrets, replicas, nowMs } = context
  const { secret } = primary
  const followed = {
    replica_of: secret.id,
    primary_status: 'InSync',
    description: secret.description,
    changed_at_ms: nowMs,
  } as const
  const row: ReplicaRow = {
    primary_id: secret.id,
    arn: replica.secret.arn,
    region: secret.region,
    kms_key: replica.secret.kms_key,
    role_arn,
    status: 'InSync',
    message: '',
    replica_id: replica.secret.id,
    position: primary.replicas.length,
  }
  return {
    arn: secret.arn,
    followers: [replica.secret.arn],
    statements: [
      secrets.update(secret, { changed_at_ms: nowMs }),
      secrets.update(replica.secret, followed),
      replicas.put(row),
      ...(await copyLabelledVersions(context, primary, replica)),
    ],
    output: { ARN: secret.arn, CrossAccountReplicaARN: replica.secret.arn, ReplicationStatus: 'InProgress' },
  }
}
