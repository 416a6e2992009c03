import {
  associateCrossAccountReplica,
  associateCrossAccountReplicaShape,
} from './operations/associate-cross-account-replica.ts'
import { batchGetSecretValue, batchGetSecretValueShape } from './operations/batch-get-secret-value.ts'
import { cancelRotateSecret, cancelRotateSecretShape } from './operations/cancel-rotate-secret.ts'
import { createSecret, createSecretShape } from './operations/create-secret.ts'
import { deleteResourcePolicy, deleteResourcePolicyShape } from './operations/delete-resource-policy.ts'
import { deleteSecret, deleteSecretShape } from './operations/delete-secret.ts'
import { describeSecret, describeSecretShape } from './operations/describe-secret.ts'
import {
  disassociateCrossAccountReplica,
  disassociateCrossAccountReplicaShape,
} from './operations/disassociate-cross-account-replica.ts'
import { getRandomPassword, getRandomPasswordShape } from './operations/get-random-password.ts'
import { getResourcePolicy, getResourcePolicyShape } from './operations/get-resource-policy.ts'
import { getSecretValue, getSecretValueShape } from './operations/get-secret-value.ts'
import { listResourcePolicies, listResourcePoliciesShape } from './operations/list-resource-policies.ts'
import { listSecretVersionIds, listSecretVersionIdsShape } from './operations/list-secret-version-ids.ts'
import { listSecrets, listSecretsShape } from './operations/list-secrets.ts'
import { putResourcePolicy, putResourcePolicyShape } from './operations/put-resource-policy.ts'
import { putSecretValue, putSecretValueShape } from './operations/put-secret-value.ts'
import {
  removeRegionsFromReplication,
  removeRegionsFromReplicationShape,
} from './operations/remove-regions-from-replication.ts'
import { replicateSecretToRegions, replicateSecretToRegionsShape } from './operations/replicate-secret-to-regions.ts'
import { restoreSecret, restoreSecretShape } from './operations/restore-secret.ts'
import { rotateSecret, rotateSecretShape } from './operations/rotate-secret.ts'
import { stopReplicationToReplica, stopReplicationToReplicaShape } from './operations/stop-replication-to-replica.ts'
import { tagResource, tagResourceShape } from './operations/tag-resource.ts'
import { untagResource, untagResourceShape } from './operations/untag-resource.ts'
import { updateSecret, updateSecretShape } from './operations/update-secret.ts'
import { updateSecretVersionStage, updateSecretVersionStageShape } from './operations/update-secret-version-stage.ts'
import { validateResourcePolicy, validateResourcePolicyShape } from './operations/validate-resource-policy.ts'
import { inputConditions } from '../access/input-conditions.ts'
import type { Conditions } from '../access/caller-conditions.ts'
import { type NamedOperation, type Operation, operation } from '../operation.ts'
import type { OperationContext } from '../operation-context.ts'
import type { Shape } from '../parsing/member.ts'
import { requireAccess } from './require-access.ts'
import type { SecretRow } from '../storage/tables.ts'

/** What is asked before an operation runs. */
interface Asked<Input> {
  /** The secret as the caller named it, if one is meant. */
  readonly secretId: (input: Input) => string | undefined
  /** What conditions can see of the input. */
  readonly conditions?: (input: Input, context: OperationContext) => Conditions | Promise<Conditions>
}

const of = <Input, Output extends object>(
  name: string,
  shape: Shape<Input>,
  run: (context: OperationContext, input: Input, seen: SecretRow | undefined) => Promise<Output>,
  { secretId, conditions }: Asked<Input>,
): NamedOperation => {
  const action = `secretsmanager:${name}`
  const authorize = async (context: OperationContext, input: Input): Promise<SecretRow | undefined> =>
    requireAccess(context, action, secretId(input), await conditions?.(input, context))
  return [name, operation({ action, shape, run, resource: secretId, authorize })]
}

const named = ({ SecretId }: { readonly SecretId: string }): string => SecretId
const noSecret = (): undefined => undefined

/** The operations of Secrets Manager, by name. */
export const secretsManagerOperations: ReadonlyMap<string, Operation> = new Map([
  of('AssociateCrossAccountReplica', associateCrossAccountReplicaShape, associateCrossAccountReplica, {
    secretId: named,
  }),
  of('BatchGetSecretValue', batchGetSecretValueShape, batchGetSecretValue, { secretId: noSecret }),
  of('CancelRotateSecret', cancelRotateSecretShape, cancelRotateSecret, { secretId: named }),
  of('CreateSecret', createSecretShape, createSecret, {
    secretId: ({ Name }) => Name,
    conditions: inputConditions.create,
  }),
  of('DeleteResourcePolicy', deleteResourcePolicyShape, deleteResourcePolicy, { secretId: named }),
  of('DeleteSecret', deleteSecretShape, deleteSecret, { secretId: named, conditions: inputConditions.delete }),
  of('DescribeSecret', describeSecretShape, describeSecret, { secretId: named }),
  of('DisassociateCrossAccountReplica', disassociateCrossAccountReplicaShape, disassociateCrossAccountReplica, {
    secretId: named,
  }),
  of('GetRandomPassword', getRandomPasswordShape, getRandomPassword, { secretId: noSecret }),
  of('GetResourcePolicy', getResourcePolicyShape, getResourcePolicy, { secretId: named }),
  of('GetSecretValue', getSecretValueShape, getSecretValue, { secretId: named, conditions: inputConditions.get }),
  of('ListResourcePolicies', listResourcePoliciesShape, listResourcePolicies, { secretId: named }),
  of('ListSecretVersionIds', listSecretVersionIdsShape, listSecretVersionIds, { secretId: named }),
  of('ListSecrets', listSecretsShape, listSecrets, { secretId: noSecret }),
  of('PutResourcePolicy', putResourcePolicyShape, putResourcePolicy, {
    secretId: named,
    conditions: inputConditions.putPolicy,
  }),
  of('PutSecretValue', putSecretValueShape, putSecretValue, { secretId: named }),
  of('RemoveRegionsFromReplication', removeRegionsFromReplicationShape, removeRegionsFromReplication, {
    secretId: named,
  }),
  of('ReplicateSecretToRegions', replicateSecretToRegionsShape, replicateSecretToRegions, {
    secretId: named,
    conditions: inputConditions.replicate,
  }),
  of('RestoreSecret', restoreSecretShape, restoreSecret, { secretId: named }),
  of('RotateSecret', rotateSecretShape, rotateSecret, { secretId: named, conditions: inputConditions.rotate }),
  of('StopReplicationToReplica', stopReplicationToReplicaShape, stopReplicationToReplica, { secretId: named }),
  of('TagResource', tagResourceShape, tagResource, { secretId: named, conditions: inputConditions.tag }),
  of('UntagResource', untagResourceShape, untagResource, { secretId: named, conditions: inputConditions.untag }),
  of('UpdateSecret', updateSecretShape, updateSecret, { secretId: named, conditions: inputConditions.update }),
  of('UpdateSecretVersionStage', updateSecretVersionStageShape, updateSecretVersionStage, {
    secretId: named,
    conditions: inputConditions.moveStage,
  }),
  of('ValidateResourcePolicy', validateResourcePolicyShape, validateResourcePolicy, {
    secretId: ({ SecretId }) => SecretId,
  }),
])
