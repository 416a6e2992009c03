import {
  type AwsCallOptions,
  type AwsCredentialSource,
  type AwsCredentials,
  type AwsEnvironment,
  type AwsJsonClient,
  awsJsonClient,
  labelOfStage,
  type SecretListEntry,
  type SecretsManagerOperations,
} from '@keyplane/aws'
import {
  type CallOptions,
  type Clock,
  type ManyReader,
  type Outcome,
  type SecretLister,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretState,
  type SecretVersion,
  type SecretWriter,
  type StateReader,
  systemClock,
  toSecretsError,
} from '@keyplane/core'
import { awsBatch } from './aws-batch.ts'
import { stateOfAnswer, stateOfEntry, versionOfAnswer } from './aws-answers.ts'
import { type AwsCallReport, reportingClient } from './aws-call-report.ts'
import { awsCredentialSource } from './aws-credential-source.ts'
import { awsEndpoint, awsRegion } from './aws-region.ts'
import { awsWriter } from './aws-writer.ts'
import { BatchedReads } from './batched-reads.ts'
import { callLimits } from './call-limits.ts'
import type { ProviderSettings } from './provider-settings.ts'

export interface AwsProviderOptions {
  /** Default: AWS_REGION, AWS_DEFAULT_REGION, us-east-1. */
  readonly region?: string
  /** Default: AWS_ENDPOINT_URL_SECRETS_MANAGER, AWS_ENDPOINT_URL, the region's own. Plain http to this machine only. */
  readonly endpoint?: string
  /** Default: the environment's, then AWS's chain if its package is installed. */
  readonly credentials?: AwsCredentials | AwsCredentialSource
  /** Where region, endpoint and credentials are looked up. Default: empty. */
  readonly env?: AwsEnvironment
  /** Called in place of a client of the provider's own, which all options above are for; `close` leaves it open. */
  readonly client?: Pick<AwsJsonClient<SecretsManagerOperations>, 'call'>
  readonly clock?: Clock
  /** Lets plain http go to other machines. */
  readonly allowInsecureHttp?: boolean
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca?: string
  readonly userAgent?: string
  /** Told of each call, however it ended. */
  readonly onCall?: (call: AwsCallReport) => void
}

/** A list of a million secrets; one that goes on after that has no end. */
const maxPages = 10_000

class AwsProvider implements SecretProvider {
  readonly name = 'aws'
  readonly many: ManyReader
  readonly state: StateReader
  readonly list: SecretLister
  readonly write: SecretWriter
  readonly #client: Pick<AwsJsonClient<SecretsManagerOperations>, 'call'>
  readonly #ownClient: AwsJsonClient<SecretsManagerOperations> | undefined
  readonly #clock: Clock
  readonly #credentials: AwsCredentialSource
  #closed = false

  constructor(options: AwsProviderOptions) {
    const { env = {}, clock = systemClock } = options
    const region = options.region ?? awsRegion(env)
    const endpoint = options.endpoint ?? awsEndpoint(env, 'SECRETS_MANAGER')
    this.#clock = clock
    this.#credentials = awsCredentialSource(options, region)
    if (options.client) this.#client = options.client
    else {
      const { client: _, env: __, endpoint: ___, onCall: ____, ...transport } = options
      const credentials = this.#credentials
      this.#ownClient = awsJsonClient({ ...transport, region, credentials, ...(endpoint ? { endpoint } : {}) })
      this.#client = this.#ownClient
    }
    if (options.onCall) this.#client = reportingClient(this.#client, options.onCall, clock)
    this.many = new BatchedReads({
      maxRefs: 20,
      source: this.name,
      clock,
      single: (ref, call) => this.get(ref, call),
      batch: (ids, call) => awsBatch(this.#client, ids, () => this.#begin(call)),
    })
    this.state = { maxRefs: 1, describe: (refs, call) => Promise.all(refs.map((ref) => this.#describe(ref, call))) }
    this.list = { list: ({ prefix }, call) => this.#list(prefix, call) }
    this.write = awsWriter({ client: this.#client, begin: (call) => this.#begin(call) })
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    const options = this.#begin(call, ref)
    const input = {
      SecretId: ref.id,
      ...(ref.version === undefined ? {} : { VersionId: ref.version }),
      ...(ref.stage === undefined ? {} : { VersionStage: labelOfStage(ref.stage) }),
    }
    return versionOfAnswer(await this.#client.call('GetSecretValue', input, options))
  }

  /** Credentials that are kept are fetched anew. */
  refresh(): void {
    this.#credentials.forget?.()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#ownClient?.close()
  }

  #begin(call: CallOptions = {}, ref?: SecretRef): AwsCallOptions {
    const source = this.name
    if (this.#closed) throw new SecretsError('closed', 'The aws provider was closed.', { source })
    if (ref?.as !== undefined)
      throw new SecretsError('unsupported', 'The aws provider assumes no role for a single read.', { source })
    return callLimits(call, this.#clock, source)
  }

  async #describe(ref: SecretRef, call?: CallOptions): Promise<Outcome<SecretState>> {
    try {
      const answer = await this.#client.call('DescribeSecret', { SecretId: ref.id }, this.#begin(call, ref))
      return { ok: true, value: stateOfAnswer(answer) }
    } catch (thrown) {
      if (call?.signal?.aborted) throw thrown
      return { ok: false, error: toSecretsError(thrown) }
    }
  }

  async *#list(prefix = '', call?: CallOptions): AsyncGenerator<SecretState & { readonly name: string }> {
    // A value that begins with an exclamation mark would be taken for its negation.
    const filter =
      prefix === '' || prefix.startsWith('!') ? {} : { Filters: [{ Key: 'name' as const, Values: [prefix] }] }
    const seen = new Set<string>()
    let next: { readonly NextToken?: string } = {}
    for (let pages = 0; pages < maxPages; pages++) {
      const page = await this.#client.call('ListSecrets', { MaxResults: 100, ...filter, ...next }, this.#begin(call))
      for (const entry of this.#entries(page.SecretList)) {
        const state = stateOfEntry(entry)
        if (state.name.startsWith(prefix)) yield state
      }
      if (!page.NextToken) return
      if (seen.has(page.NextToken)) throw this.#malformedList('goes round in circles')
      seen.add(page.NextToken)
      next = { NextToken: page.NextToken }
    }
    throw this.#malformedList('has no end')
  }

  #entries(list: unknown): readonly SecretListEntry[] {
    if (!Array.isArray(list)) throw this.#malformedList('has no list')
    return list
  }

  #malformedList(what: string): SecretsError {
    return new SecretsError('bad_response', `ListSecrets: AWS's answer ${what}.`, { source: this.name })
  }
}

/**
 * AWS Secrets Manager, and whatever speaks its API (Keyplane's own store). No SDK is loaded, nothing is cached or
 * retried: that is the layers' work.
 * @throws SecretsError `config_invalid` where the endpoint is none.
 */
export const awsProvider = (options: AwsProviderOptions = {}): SecretProvider => new AwsProvider(options)

export const awsFromSettings = async ({ env, awsRegion: region, clock }: ProviderSettings): Promise<SecretProvider> =>
  awsProvider({ env, clock, ...(region === undefined ? {} : { region }) })
