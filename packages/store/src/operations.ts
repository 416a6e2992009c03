import { createSecret, createSecretShape } from './operations/create-secret.ts'
import { deleteSecret, deleteSecretShape } from './operations/delete-secret.ts'
import { describeSecret, describeSecretShape } from './operations/describe-secret.ts'
import { getSecretValue, getSecretValueShape } from './operations/get-secret-value.ts'
import { listSecrets, listSecretsShape } from './operations/list-secrets.ts'
import { putSecretValue, putSecretValueShape } from './operations/put-secret-value.ts'
import { restoreSecret, restoreSecretShape } from './operations/restore-secret.ts'
import { updateSecret, updateSecretShape } from './operations/update-secret.ts'
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

/** The operations of Secrets Manager, by name. */
export const secretsManagerOperations: ReadonlyMap<string, Operation> = new Map([
  ['CreateSecret', secretOperation('CreateSecret', createSecretShape, createSecret, ({ Name }) => Name)],
  ['DeleteSecret', secretOperation('DeleteSecret', deleteSecretShape, deleteSecret, bySecretId)],
  ['DescribeSecret', secretOperation('DescribeSecret', describeSecretShape, describeSecret, bySecretId)],
  ['GetSecretValue', secretOperation('GetSecretValue', getSecretValueShape, getSecretValue, bySecretId)],
  ['ListSecrets', secretOperation('ListSecrets', listSecretsShape, listSecrets, () => undefined)],
  ['PutSecretValue', secretOperation('PutSecretValue', putSecretValueShape, putSecretValue, bySecretId)],
  ['RestoreSecret', secretOperation('RestoreSecret', restoreSecretShape, restoreSecret, bySecretId)],
  ['UpdateSecret', secretOperation('UpdateSecret', updateSecretShape, updateSecret, bySecretId)],
])
