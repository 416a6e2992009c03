import { awsError } from './aws-errors.ts'
import type { OperationContext } from './operation-context.ts'
import { createSecret, createSecretShape } from './operations/create-secret.ts'
import { deleteSecret, deleteSecretShape } from './operations/delete-secret.ts'
import { describeSecret, describeSecretShape } from './operations/describe-secret.ts'
import { getCallerIdentity } from './operations/get-caller-identity.ts'
import { getSecretValue, getSecretValueShape } from './operations/get-secret-value.ts'
import { listSecrets, listSecretsShape } from './operations/list-secrets.ts'
import { putSecretValue, putSecretValueShape } from './operations/put-secret-value.ts'
import { restoreSecret, restoreSecretShape } from './operations/restore-secret.ts'
import { updateSecret, updateSecretShape } from './operations/update-secret.ts'
import type { Shape } from './parsing/member.ts'
import { parseInput } from './parsing/parse-input.ts'

/** A call whose input was read: what it is about, and what it does. */
export interface PreparedCall {
  /** The secret as the caller named it; absent where none is meant. */
  readonly secretId?: string
  readonly run: (context: OperationContext) => Promise<object>
}

/** One operation of the API. */
export interface Operation {
  /** As policies and the audit log name it. */
  readonly action: string
  /** Whether everybody may do it who has signed. */
  readonly open: boolean
  /** @throws AwsError SerializationException, ValidationException, InvalidParameterException */
  readonly prepare: (body: Uint8Array) => PreparedCall
}

const operation = <Input, Output extends object>(
  action: string,
  shape: Shape<Input>,
  run: (context: OperationContext, input: Input) => Promise<Output>,
  secretId: (input: Input) => string | undefined,
): Operation => ({
  action: `secretsmanager:${action}`,
  open: false,
  prepare: (body) => {
    const input = parseInput(shape, body)
    const id = secretId(input)
    return { ...(id !== undefined && { secretId: id }), run: (context) => run(context, input) }
  },
})

const bySecretId = ({ SecretId }: { readonly SecretId: string }): string => SecretId

/** The operations of Secrets Manager, by name. */
export const secretsManagerOperations: ReadonlyMap<string, Operation> = new Map([
  ['CreateSecret', operation('CreateSecret', createSecretShape, createSecret, ({ Name }) => Name)],
  ['DeleteSecret', operation('DeleteSecret', deleteSecretShape, deleteSecret, bySecretId)],
  ['DescribeSecret', operation('DescribeSecret', describeSecretShape, describeSecret, bySecretId)],
  ['GetSecretValue', operation('GetSecretValue', getSecretValueShape, getSecretValue, bySecretId)],
  ['ListSecrets', operation('ListSecrets', listSecretsShape, listSecrets, () => undefined)],
  ['PutSecretValue', operation('PutSecretValue', putSecretValueShape, putSecretValue, bySecretId)],
  ['RestoreSecret', operation('RestoreSecret', restoreSecretShape, restoreSecret, bySecretId)],
  ['UpdateSecret', operation('UpdateSecret', updateSecretShape, updateSecret, bySecretId)],
])

/** The operations of STS, by name. */
export const stsOperations: ReadonlyMap<string, Operation> = new Map([
  [
    'GetCallerIdentity',
    { action: 'sts:GetCallerIdentity', open: true, prepare: () => ({ run: (context) => getCallerIdentity(context) }) },
  ],
])

/** @throws AwsError UnknownOperationException */
export const requireOperation = (found: Operation | undefined): Operation => {
  if (found) return found
  throw awsError('UnknownOperationException', 'The operation is not one that this store offers.')
}
