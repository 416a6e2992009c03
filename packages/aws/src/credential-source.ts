import { type Clock, SecretsError, systemClock } from '@keyplane/core'
import { withinLimits } from '@keyplane/http'
import type { AwsCredentialSource, AwsCredentials } from './credentials.ts'

/** The environment's variables, as far as they are read. */
export type AwsEnvironment = Readonly<Record<string, string | undefined>>

/** As the AWS SDK's providers give credentials. */
interface SdkCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

type SdkProvider = () => Promise<SdkCredentials>

export interface AwsCredentialOptions {
  /** Used as they are, before anything else is looked at. */
  readonly credentials?: AwsCredentials
  /** For calls that the chain itself makes (SSO, AssumeRole). */
  readonly region?: string
  readonly clock?: Clock
  /** Loads the rest of AWS's chain. Default: `@aws-sdk/credential-provider-node`, if it is installed. */
  readonly loadChain?: (init: { readonly profile?: string; readonly region?: string }) => Promise<SdkProvider>
}

/** Temporary credentials are renewed this long before they expire, as the AWS SDKs do. */
const renewBeforeMs = 300_000

/** A chain that hangs is asked anew after this long, and sooner where what is kept still holds. */
const chainTimeoutMs = 60_000
const renewalTimeoutMs = 5_000

const chainPackage: string = '@aws-sdk/credential-provider-node'

const misconfigured = (message: string, reason: string): SecretsError =>
  new SecretsError('source_misconfigured', message, { source: 'aws', reason })

/** `@aws-sdk/credential-provider-node`, as far as it is used. */
export interface CredentialChainPackage {
  readonly defaultProvider: (init: object) => SdkProvider
}

let loadPackage = (): Promise<CredentialChainPackage> => import(chainPackage)

/** For a program that is one file, and has no packages beside it: where the rest of AWS's chain is loaded from. */
export const bringCredentialChain = (load: () => Promise<CredentialChainPackage>): void => {
  loadPackage = load
}

/** Loaded only when needed: it costs 43 ms and 10 MB. */
const loadSdkChain: NonNullable<AwsCredentialOptions['loadChain']> = async ({ profile, region }) => {
  let loaded: CredentialChainPackage
  try {
    loaded = await loadPackage()
  } catch {
    throw misconfigured(
      'There are no AWS credentials in the environment, and what reads profiles, SSO, containers and instances is not ' +
        'installed: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `npm install @aws-sdk/credential-provider-node`.',
      'sdk_missing',
    )
  }
  return loaded.defaultProvider({
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { clientConfig: { region } }),
  })
}

const fromEnvironment = (env: AwsEnvironment): AwsCredentials | undefined => {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env
  if (!accessKeyId && !secretAccessKey) return undefined
  if (!accessKeyId || !secretAccessKey)
    throw misconfigured(
      'Of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set: set both or none.',
      'incomplete_credentials',
    )
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
}

/**
 * The credentials, if a request can carry them: key and token stand in headers.
 * @throws SecretsError `source_misconfigured`, reason `invalid_credentials`, without a value.
 */
const sendable = (credentials: AwsCredentials): AwsCredentials => {
  const { accessKeyId, secretAccessKey, sessionToken = 'none' } = credentials
  const wrong = [
    ...(/^[\x21-\x7e]+$/.test(accessKeyId) ? [] : ['access key id']),
    ...(/^[\x20-\x7e]+$/.test(secretAccessKey) ? [] : ['secret access key']),
    ...(/^[\x21-\x7e]+$/.test(sessionToken) ? [] : ['session token']),
  ]
  if (wrong.length === 0) return credentials
  throw misconfigured(
    `The ${wrong.join(' and the ')} of the AWS credentials is empty or holds what none can hold: a blank, a line end?`,
    'invalid_credentials',
  )
}

/** What a provider of the chain threw may quote a command and its output: it is told by name only. */
const chainFailure = (thrown: unknown): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const name = thrown instanceof Error ? thrown.name : 'an unknown error'
  return name === 'CredentialsProviderError'
    ? misconfigured(
        'AWS credentials were found nowhere: not in the environment, a profile, container or instance.',
        'no_credentials',
      )
    : new SecretsError('unavailable', `AWS credentials could not be fetched (${name}).`, {
        source: 'aws',
        reason: 'credentials',
      })
}

const adopt = ({ accessKeyId, secretAccessKey, sessionToken, expiration }: SdkCredentials): AwsCredentials => ({
  accessKeyId,
  secretAccessKey,
  ...(sessionToken === undefined ? {} : { sessionToken }),
  ...(expiration === undefined ? {} : { expiresAtMs: expiration.getTime() }),
})

class CredentialChain {
  readonly #load: () => Promise<SdkProvider>
  readonly #clock: Clock
  #provider: Promise<SdkProvider> | undefined
  #kept: AwsCredentials | undefined
  #flight: Promise<AwsCredentials> | undefined

  constructor(load: () => Promise<SdkProvider>, clock: Clock) {
    this.#load = load
    this.#clock = clock
  }

  get(): Promise<AwsCredentials> {
    if (this.#kept && !this.#isWithin(this.#kept, renewBeforeMs)) return Promise.resolve(this.#kept)
    if (this.#flight) return this.#flight
    const flight = this.#fetch().finally(() => {
      if (this.#flight === flight) this.#flight = undefined
    })
    this.#flight = flight
    return flight
  }

  forget(): void {
    this.#kept = undefined
    // The SDK's provider memoizes too, and one that hangs is waited for no longer.
    this.#provider = undefined
    this.#flight = undefined
  }

  #isWithin({ expiresAtMs }: AwsCredentials, leftMs: number): boolean {
    return expiresAtMs !== undefined && expiresAtMs - this.#clock.nowMs() <= leftMs
  }

  async #fetch(): Promise<AwsCredentials> {
    const before = this.#kept
    const holds = (): boolean => before !== undefined && before === this.#kept && !this.#isWithin(before, 0)
    try {
      this.#kept = await this.#ask(holds() ? renewalTimeoutMs : chainTimeoutMs)
      return this.#kept
    } catch (thrown) {
      this.#provider = undefined
      // A renewal that fails is tried again at the next call, as long as what is kept still holds.
      if (before && holds()) return before
      throw chainFailure(thrown)
    }
  }

  #ask(timeoutMs: number): Promise<AwsCredentials> {
    const late = (): SecretsError =>
      new SecretsError('timeout', `AWS credentials did not come within ${timeoutMs} ms.`, {
        source: 'aws',
        reason: 'credentials',
      })
    return withinLimits({ clock: this.#clock, timeoutMs, signals: [], late }, async () => {
      this.#provider ??= this.#load()
      return sendable(adopt(await (await this.#provider)()))
    })
  }
}

/**
 * Where AWS credentials come from: those given, else AWS_ACCESS_KEY_ID and its companions in `env`, else AWS's chain
 * (profile, SSO, web identity, container, instance) if its package is installed. The chain's answer is kept until five
 * minutes before it expires, and fetched once for any number of waiters.
 *
 * The source throws `source_misconfigured` where there are none, or such that no request can carry, and `unavailable` where the chain fails otherwise.
 */
export const awsCredentials = (env: AwsEnvironment, options: AwsCredentialOptions = {}): AwsCredentialSource => {
  const { credentials, region, clock = systemClock, loadChain = loadSdkChain } = options
  if (credentials) return async () => sendable(credentials)
  const profile = env['AWS_PROFILE']
  const chain = new CredentialChain(
    () => loadChain({ ...(profile ? { profile } : {}), ...(region === undefined ? {} : { region }) }),
    clock,
  )
  const fromEither = async (): Promise<AwsCredentials> => {
    const found = fromEnvironment(env)
    return found ? sendable(found) : chain.get()
  }
  return Object.assign(fromEither, { forget: () => chain.forget() })
}
