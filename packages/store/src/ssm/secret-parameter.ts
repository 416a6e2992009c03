import { partitionOf } from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { inputConditions } from '../access/input-conditions.ts'
import { judge } from '../access/judge.ts'
import { AwsError, awsError } from '../aws-errors.ts'
import type { OperationContext } from '../operation-context.ts'
import { readOne } from '../secretsmanager/versions/read-one.ts'
import { requireAccess } from '../secretsmanager/require-access.ts'

/** A secret as Parameter Store gives it. */
export interface SecretParameter {
  readonly ARN: string
  readonly Name: string
  readonly Type: 'SecureString'
  readonly Value: string
  /** AWS: always 0 for a secret. */
  readonly Version: 0
  /** What Secrets Manager would have answered, as JSON. */
  readonly SourceResult: string
  readonly LastModifiedDate: number
  readonly DataType: 'text'
  /** What stood behind the name: `:AWSPREVIOUS`. */
  readonly Selector?: string
}

/** A parameter that was read, and what notes the day of the read. */
export interface ReadParameter {
  readonly parameter: SecretParameter
  readonly statements: readonly Statement[]
}

/** @see https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html */
const prefix = '/aws/reference/secretsmanager/'

/**
 * Reads a secret by its name as a parameter, with a version's id or label behind a colon. The caller needs both
 * permissions: on the parameter, and on the secret.
 * @throws AwsError ValidationException, AccessDeniedException, ParameterNotFound, ParameterVersionNotFound
 */
export const secretParameter = async (
  context: OperationContext,
  operation: 'GetParameter' | 'GetParameters',
  name: string,
  withDecryption: boolean,
): Promise<ReadParameter> => {
  const { path, selector } = split(name)
  const arn = parameterArn(context, path)
  requireParameter(context, operation, arn)
  if (!path.startsWith(prefix)) throw awsError('ParameterNotFound', '')
  if (!withDecryption)
    throw awsError('ValidationException', 'WithDecryption flag must be True for retrieving a Secret Manager secret.')
  const input = { SecretId: path.slice(prefix.length), ...versionOf(selector) }
  const action = 'secretsmanager:GetSecretValue'
  const found = await requireAccess(context, action, input.SecretId, inputConditions.get(input))
  if (found) context.call.resource = found.arn
  const { output, statements } = await unlessAbsent(() => readOne(context, input, found), input.SecretId, selector)
  const parameter: SecretParameter = {
    ARN: arn,
    Name: path,
    Type: 'SecureString',
    Value: output.SecretString ?? output.SecretBinary ?? '',
    Version: 0,
    SourceResult: JSON.stringify(output),
    LastModifiedDate: output.CreatedDate ?? 0,
    DataType: 'text',
    ...(selector !== undefined && { Selector: `:${selector}` }),
  }
  return { parameter, statements }
}

const split = (name: string): { readonly path: string; readonly selector?: string } => {
  const colon = name.startsWith(prefix) ? name.indexOf(':') : -1
  return colon < 0 ? { path: name } : { path: name.slice(0, colon), selector: name.slice(colon + 1) }
}

/** A label, or a version's id. */
const versionOf = (selector: string | undefined): { readonly VersionId?: string; readonly VersionStage?: string } => {
  if (selector === undefined) return {}
  return /^[0-9a-f-]{32,64}$/i.test(selector) ? { VersionId: selector } : { VersionStage: selector }
}

const parameterArn = ({ caller: { account, region } }: OperationContext, path: string): string =>
  `arn:${partitionOf(region).name}:ssm:${region}:${account}:parameter${path.startsWith('/') ? '' : '/'}${path}`

const requireParameter = ({ caller, nowMs }: OperationContext, operation: string, arn: string): void => {
  const asked = { caller, nowMs, action: `ssm:${operation}`, resource: arn, resourceAccount: caller.account }
  const decision = judge({ ...asked, asSent: arn })
  if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
}

/** Parameter Store has its own words for what Secrets Manager does not find. */
const unlessAbsent = async <T>(read: () => Promise<T>, secretId: string, selector: string | undefined): Promise<T> => {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof AwsError) || error.type !== 'ResourceNotFoundException') throw error
    const name = `${prefix}${secretId}`
    throw selector === undefined
      ? awsError('ParameterNotFound', `Systems Manager could not find ${name}.`)
      : awsError('ParameterVersionNotFound', `Systems Manager could not find version ${selector} of ${name}.`)
  }
}
