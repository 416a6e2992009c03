import { uuid } from '@keyplane/core'
import { awsError } from '../aws-errors.ts'
import { builtInRotator, isBuiltIn } from './built-in-rotators.ts'
import { type FunctionsEndpoint, RotationFunctions, type RotationStep } from './rotation-functions.ts'
import type { ServiceCallParts } from './service-call.ts'
import type { StoredVersions } from './stored-versions.ts'

export interface SecretFunctionsParts extends Pick<ServiceCallParts, 'rotations' | 'clock' | 'random'> {
  readonly versions: StoredVersions
  /** Absent: there are none. */
  readonly endpoint: FunctionsEndpoint | undefined
  /** Aborted where the store ends: no answer is waited for then. */
  readonly ending: AbortSignal
}

/** Calls each secret's own function. */
export class SecretFunctions {
  readonly #parts: SecretFunctionsParts
  readonly #functions: RotationFunctions | undefined

  constructor(parts: SecretFunctionsParts) {
    this.#parts = parts
    this.#functions = parts.endpoint && new RotationFunctions(parts.endpoint, parts.clock)
  }

  /** @throws AwsError AccessDeniedException for what can't be invoked, and is no rotator of the store's own. */
  async requireInvokable(functionArn: string): Promise<void> {
    const isThere = isBuiltIn(functionArn)
      ? builtInRotator(functionArn) !== undefined
      : await this.#functions?.isInvokable(functionArn, this.#parts.ending)
    if (!isThere)
      throw awsError(
        'AccessDeniedException',
        'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
      )
  }

  /** Has one step of a version done. */
  readonly step = async (
    step: RotationStep,
    secretId: string,
    versionId: string,
    signal: AbortSignal,
  ): Promise<void> => {
    const { rotations, versions, random, ending } = this.#parts
    const row = await rotations.of(secretId)
    const { secret } = await versions.secret(secretId)
    if (!this.#functions || !row)
      throw awsError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.')
    const event = { Step: step, SecretId: secret.arn, ClientRequestToken: versionId, RotationToken: uuid(random) }
    await this.#functions.invoke(row.function_arn, event, AbortSignal.any([signal, ending]))
  }
}
