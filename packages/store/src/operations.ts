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
import { type Operation, operation } from './operation.ts'
import type { OperationContext } from './operation-context.ts'
import type { Shape } from './parsing/member.ts'
import { requireAccess } from './require-access.ts'

const secretOperation = <Input, Output extends object>(
  name: string,
  shape: Shape<Input>,
  run: (context: OperationContext, input: Input) => Promise<Output>,
  secretId: (input: Input) => string | undefined,
): Operation => {
  const action = `secretsmanager:${name}`
  return operation({
    action,
    shape,
    run,
    resource: secretId,
    authorize: (context, input) => requireAccess(context, action, secretId(input)),
  })
}

const bySecretId = ({ SecretId }: { readonly SecretId: string }): string => SecretId
const noSecret = (): undefined => undefined

/** The operations of Secrets Manager, by name. */
export const secretsManagerOperations: ReadonlyMap<string, Operation> = new Map([
  [
    'AssociateCrossAccountReplica',
    secretOperation(
      'AssociateCrossAccountReplica',
      associateCrossAccountReplicaShape,
      associateCrossAccountReplica,
      bySecretId,
    ),
  ],
  [
    'BatchGetSecretValue',
    secretOperation('BatchGetSecretValue', batchGetSecretValueShape, batchGetSecretValue, noSecret),
  ],
  [
    'CancelRotateSecret',
    secretOperation('CancelRotateSecret', cancelRotateSecretShape, cancelRotateSecret, bySecretId),
  ],
  ['CreateSecret', secretOperation('CreateSecret', createSecretShape, createSecret, ({ Name }) => Name)],
  [
    'DeleteResourcePolicy',
    secretOperation('DeleteResourcePolicy', deleteResourcePolicyShape, deleteResourcePolicy, bySecretId),
  ],
  ['DeleteSecret', secretOperation('DeleteSecret', deleteSecretShape, deleteSecret, bySecretId)],
  ['DescribeSecret', secretOperation('DescribeSecret', describeSecretShape, describeSecret, bySecretId)],
  [
    'DisassociateCrossAccountReplica',
    secretOperation(
      'DisassociateCrossAccountReplica',
      disassociateCrossAccountReplicaShape,
      disassociateCrossAccountReplica,
      bySecretId,
    ),
  ],
  ['GetRandomPassword', secretOperation('GetRandomPassword', getRandomPasswordShape, getRandomPassword, noSecret)],
  ['GetResourcePolicy', secretOperation('GetResourcePolicy', getResourcePolicyShape, getResourcePolicy, bySecretId)],
  ['GetSecretValue', secretOperation('GetSecretValue', getSecretValueShape, getSecretValue, bySecretId)],
  [
    'ListResourcePolicies',
    secretOperation('ListResourcePolicies', listResourcePoliciesShape, listResourcePolicies, bySecretId),
  ],
  [
    'ListSecretVersionIds',
    secretOperation('ListSecretVersionIds', listSecretVersionIdsShape, listSecretVersionIds, bySecretId),
  ],
  ['ListSecrets', secretOperation('ListSecrets', listSecretsShape, listSecrets, noSecret)],
  ['PutResourcePolicy', secretOperation('PutResourcePolicy', putResourcePolicyShape, putResourcePolicy, bySecretId)],
  ['PutSecretValue', secretOperation('PutSecretValue', putSecretValueShape, putSecretValue, bySecretId)],
  [
    'RemoveRegionsFromReplication',
    secretOperation(
      'RemoveRegionsFromReplication',
      removeRegionsFromReplicationShape,
      removeRegionsFromReplication,
      bySecretId,
    ),
  ],
  [
    'ReplicateSecretToRegions',
    secretOperation('ReplicateSecretToRegions', replicateSecretToRegionsShape, replicateSecretToRegions, bySecretId),
  ],
  ['RestoreSecret', secretOperation('RestoreSecret', restoreSecretShape, restoreSecret, bySecretId)],
  ['RotateSecret', secretOperation('RotateSecret', rotateSecretShape, rotateSecret, bySecretId)],
  [
    'StopReplicationToReplica',
    secretOperation('StopReplicationToReplica', stopReplicationToReplicaShape, stopReplicationToReplica, bySecretId),
  ],
  ['TagResource', secretOperation('TagResource', tagResourceShape, tagResource, bySecretId)],
  ['UntagResource', secretOperation('UntagResource', untagResourceShape, untagResource, bySecretId)],
  ['UpdateSecret', secretOperation('UpdateSecret', updateSecretShape, updateSecret, bySecretId)],
  [
    'UpdateSecretVersionStage',
    secretOperation('UpdateSecretVersionStage', updateSecretVersionStageShape, updateSecretVersionStage, bySecretId),
  ],
  [
    'ValidateResourcePolicy',
    secretOperation(
      'ValidateResourcePolicy',
      validateResourcePolicyShape,
      validateResourcePolicy,
      ({ SecretId }) => SecretId,
    ),
  ],
])
