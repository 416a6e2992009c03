import {
  type AwsCredentials,
  type AwsCredentialSource,
  type AwsEnvironment,
  awsCredentials,
  signRequest,
} from '@keyplane/aws'
import { type Clock, SecretsError } from '@keyplane/core'

/** Where functions are invoked: AWS Lambda, or what speaks its Invoke API. */
export interface FunctionsEndpoint {
  /** `https://lambda.eu-west-1.amazonaws.com`, `http://127.0.0.1:9001`. */
  readonly url: string
  readonly region: string
  /** As they are, or as AWS's chain finds them from an environment on: those of a role end, and are had anew. */
  readonly credentials: AwsCredentials | { readonly env: AwsEnvironment }
}

/** AWS's four steps. */
export type RotationStep = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret'

/** What a rotation function is told. @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html */
export interface RotationEvent {
  readonly Step: RotationStep
  /** ARN. */
  readonly SecretId: string
  /** The version that is being made. */
  readonly ClientRequestToken: string
  readonly RotationToken: string
}

/** Whoever calls RotateSecret waits for it. */
const askMs = 5_000

/** Calls rotation functions by Lambda's Invoke API. */
export class RotationFunctions {
  readonly #endpoint: FunctionsEndpoint
  readonly #clock: Clock
  readonly #credentials: AwsCredentialSource

  constructor(endpoint: FunctionsEndpoint, clock: Clock) {
    const { credentials, region } = endpoint
    this.#endpoint = endpoint
    this.#clock = clock
    this.#credentials =
      'env' in credentials ? awsCredentials(credentials.env, { region, clock }) : async () => credentials
  }

  /** Whether there is such a function, and it may be invoked; not, where nobody says so within five seconds. */
  async isInvokable(arn: string, ending: AbortSignal): Promise<boolean> {
    const late = new AbortController()
    const timer = this.#clock.after(askMs, () => late.abort(), { keepsAlive: true })
    const signal = AbortSignal.any([ending, late.signal])
    const dryRun = { 'x-amz-invocation-type': 'DryRun' }
    const answer = await this.#send(arn, '{}', dryRun, signal).catch(() => undefined)
    timer.cancel()
    await answer?.body?.cancel()
    return answer?.status === 204
  }

  /** @throws SecretsError `unavailable` (`function_failed`) where the function fails or can't be reached; its words are not told. */
  async invoke(arn: string, event: RotationEvent, signal: AbortSignal): Promise<void> {
    const answer = await this.#send(arn, JSON.stringify(event), {}, signal).catch((cause: unknown) => {
      throw new SecretsError('unavailable', `The rotation function can't be reached for ${event.Step}.`, {
        reason: 'function_unreachable',
        cause,
      })
    })
    // What a function says may quote a value.
    await answer.body?.cancel()
    if (answer.status !== 200 || answer.headers.has('x-amz-function-error'))
      throw new SecretsError('unavailable', `The rotation function failed in ${event.Step}.`, {
        reason: 'function_failed',
      })
  }

  async #send(
    arn: string,
    body: string,
    more: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Response> {
    const { url, region } = this.#endpoint
    const target = `/2015-03-31/functions/${encodeURIComponent(arn)}/invocations`
    const headers = { host: new URL(url).host, 'content-type': 'application/json', ...more }
    const signed = signRequest({
      method: 'POST',
      target,
      headers,
      body,
      credentials: await this.#credentials(),
      region,
      service: 'lambda',
      atMs: this.#clock.nowMs(),
    })
    return fetch(new URL(target, url), {
      method: 'POST',
      headers: { ...headers, ...signed },
      body,
      redirect: 'error',
      ...(signal && { signal }),
    })
  }
}
