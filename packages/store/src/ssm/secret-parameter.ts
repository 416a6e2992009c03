import { partitionOf } from '@keyplane/aws'
import type { Statement } from '@keyplane/database'
import { inputConditions } from '../access/input-conditions.ts'
import { judge } from '../access/judge.ts'
import { AwsError, awsError } from '../aws-errors.ts'
import type { OperationContext } from '../operation-context.ts'
import { readOne } from '../secretsmanager/versions/read-one.ts'
import { requireAccess } from '../secretsmanager/require-access.ts'
import { recordedId } from '../secretsmanager/secret-target.ts'
import { type ParameterTarget, secretsPrefix } from './parameter-target.ts'

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
  readonly versionId: string
  readonly statements: readonly Statement[]
}

export interface WantedParameter {
  readonly operation: 'GetParameter' | 'GetParameters'
  readonly target: ParameterTarget
  readonly withDecryption: boolean
  /** Told what the read is about, for its record, before it is judged, and again when it is known better. */
  readonly onResource: (resource: string) => void
}

/** What the caller needs on the secret behind a parameter. */
export const readAction = 'secretsmanager:GetSecretValue'

/** What the policies see of a secret that Systems Manager reads in the caller's name. */
const throughSsm = { 'aws:ViaAWSService': true, 'aws:CalledVia': ['ssm.amazonaws.com'] } as const

/**
 * Reads a secret by its name as a parameter. The caller needs both permissions: on the parameter, and on the secret.
 * @throws AwsError ValidationException, AccessDeniedException, ParameterNotFound, ParameterVersionNotFound,
 * DecryptionFailure
 */
export const secretParameter = async (
  context: OperationContext,
  { operation, target, withDecryption, onResource }: WantedParameter,
): Promise<ReadParameter> => {
  const { path, secretId, selector } = target
  onResource(recordedId(secretId ?? path))
  const arn = parameterArn(context, path)
  requireParameter(context, operation, arn)
  if (secretId === undefined) throw awsError('ParameterNotFound', '')
  if (!withDecryption)
    throw awsError('ValidationException', 'WithDecryption flag must be True for retrieving a Secret Manager secret.')
  const input = { SecretId: secretId, ...versionOf(selector) }
  const conditions = { ...inputConditions.get(input), ...throughSsm }
  const found = await requireAccess(context, readAction, secretId, conditions)
  if (found) onResource(found.arn)
  const { output, statements, versionId } = await unlessAbsent(() => readOne(context, input, found), secretId, selector)
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
  return { parameter, versionId, statements }
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
    if (!(error instanceof AwsError)) throw error
    // Marked for deletion: no parameter can be that.
    if (error.type === 'InvalidRequestException') throw awsError('ParameterNotFound', error.message)
    if (error.type !== 'ResourceNotFoundException') throw error
    const name = `${secretsPrefix}${secretId}`
    throw selector === undefined
      ? awsError('ParameterNotFound', `Systems Manager could not find ${name}.`)
      : awsError('ParameterVersionNotFound', `Systems Manager could not find version ${selector} of ${name}.`)
  }
}
