import {
  type AwsCallOptions,
  type AwsCredentialSource,
  type AwsCredentials,
  type AwsEnvironment,
  type AwsJsonClient,
  awsJsonClient,
  labelOfStage,
  type ListSecretsRequest,
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
import type { AwsRoles } from './aws-roles.ts'
import { awsWriter } from './aws-writer.ts'
import { noRoles, openAwsRoles } from './open-aws-roles.ts'
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
  /** Roles that a read may name (`as`), whose clients are kept at most. Default 0: none may. */
  readonly maxRoles?: number
  /** Where roles are assumed. Default: AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, STS in the region. */
  readonly stsEndpoint?: string
}

type Client = Pick<AwsJsonClient<SecretsManagerOperations>, 'call'>

/** A list of a million secrets; one that goes on after that has no end. */
const maxPages = 10_000

/** Which secrets' names are wanted: all of the conditions hold. */
export interface AwsNamesQuery {
  readonly prefix?: string
  /** A tag that they have, whatever its value. */
  readonly tagKey?: string
  /** The role that lists them. */
  readonly as?: string
}

/** The provider, and what only AWS knows. */
export interface AwsSecretProvider extends SecretProvider {
  /** The names of the account's secrets. */
  names(query: AwsNamesQuery, call?: CallOptions): AsyncIterable<string>
}

/** A value that begins with an exclamation mark would be taken for its negation. */
const filtersOf = ({ prefix = '', tagKey }: AwsNamesQuery): Pick<ListSecretsRequest, 'Filters'> => {
  const byName = prefix === '' || prefix.startsWith('!') ? [] : [{ Key: 'name' as const, Values: [prefix] }]
  const byTag = tagKey === undefined ? [] : [{ Key: 'tag-key' as const, Values: [tagKey] }]
  return byName.length + byTag.length === 0 ? {} : { Filters: [...byName, ...byTag] }
}

class AwsProvider implements AwsSecretProvider {
  readonly name = 'aws'
  readonly many: ManyReader
  readonly state: StateReader
  readonly list: SecretLister
  readonly write: SecretWriter
  readonly #client: Client
  readonly #ownClient: AwsJsonClient<SecretsManagerOperations> | undefined
  readonly #clock: Clock
  readonly #credentials: AwsCredentialSource
  readonly #roles: AwsRoles | undefined
  #closed = false

  constructor(options: AwsProviderOptions) {
    const { env = {}, clock = systemClock } = options
    const region = options.region ?? awsRegion(env)
    const endpoint = options.endpoint ?? awsEndpoint(env, 'SECRETS_MANAGER')
    this.#clock = clock
    this.#credentials = awsCredentialSource(options, region)
    if (options.client) this.#client = options.client
    else {
      const { client: _, env: __, endpoint: ___, onCall, maxRoles, stsEndpoint: ____, ...rest } = options
      const transport = { ...rest, region, clock, ...(endpoint ? { endpoint } : {}) }
      this.#ownClient = awsJsonClient({ ...transport, credentials: this.#credentials })
      const sts = options.stsEndpoint ?? awsEndpoint(env, 'STS')
      const roles = { transport, stsEndpoint: sts, credentials: this.#credentials, onCall }
      if (maxRoles) this.#roles = openAwsRoles({ ...roles, maxRoles })
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
    this.list = { list: ({ prefix = '' }, call) => this.#list({ prefix }, call) }
    this.write = awsWriter({ client: this.#client, begin: (call) => this.#begin(call) })
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    const options = this.#begin(call, ref)
    const input = {
      SecretId: ref.id,
      ...(ref.version === undefined ? {} : { VersionId: ref.version }),
      ...(ref.stage === undefined ? {} : { VersionStage: labelOfStage(ref.stage) }),
    }
    return versionOfAnswer(await this.#by(ref, (client) => client.call('GetSecretValue', input, options)))
  }

  /** Credentials that are kept are fetched anew. */
  refresh(): void {
    this.#credentials.forget?.()
    this.#roles?.forget()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#ownClient?.close()
    this.#roles?.close()
  }

  #begin(call: CallOptions = {}, ref?: SecretRef): AwsCallOptions {
    const source = this.name
    if (this.#closed) throw new SecretsError('closed', 'The aws provider was closed.', { source })
    if (ref?.as !== undefined && !this.#roles) throw noRoles(source)
    return callLimits(call, this.#clock, source)
  }

  /** Calls as whom the reference names. */
  #by<T>({ as }: SecretRef, act: (client: Client) => Promise<T>): Promise<T> {
    return as === undefined || !this.#roles ? act(this.#client) : this.#roles.by(as, act)
  }

  async #describe(ref: SecretRef, call?: CallOptions): Promise<Outcome<SecretState>> {
    try {
      const options = this.#begin(call, ref)
      const answer = await this.#by(ref, (client) => client.call('DescribeSecret', { SecretId: ref.id }, options))
      return { ok: true, value: stateOfAnswer(answer) }
    } catch (thrown) {
      if (call?.signal?.aborted) throw thrown
      return { ok: false, error: toSecretsError(thrown) }
    }
  }

  async *names(query: AwsNamesQuery, call?: CallOptions): AsyncGenerator<string> {
    for await (const { name } of this.#list(query, call)) yield name
  }

  async *#list(query: AwsNamesQuery, call?: CallOptions): AsyncGenerator<SecretState & { readonly name: string }> {
    const { prefix = '', as } = query
    const filter = filtersOf(query)
    const ref = { id: '', ...(as !== undefined && { as }) }
    const seen = new Set<string>()
    let next: { readonly NextToken?: string } = {}
    for (let pages = 0; pages < maxPages; pages++) {
      const [input, options] = [{ MaxResults: 100, ...filter, ...next }, this.#begin(call, ref)] as const
      const page = await this.#by(ref, (client) => client.call('ListSecrets', input, options))
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
export const awsProvider = (options: AwsProviderOptions = {}): AwsSecretProvider => new AwsProvider(options)

export const awsFromSettings = async ({ env, awsRegion: region, clock }: ProviderSettings): Promise<SecretProvider> =>
  awsProvider({ env, clock, ...(region === undefined ? {} : { region }) })
