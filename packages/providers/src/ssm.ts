import {
  type AwsCallOptions,
  type AwsJsonClient,
  awsJsonClient,
  type Parameter,
  type ParameterStoreOperations,
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
import type { AwsProviderOptions } from './aws.ts'
import { awsCredentialSource } from './aws-credential-source.ts'
import { awsEndpoint, awsRegion } from './aws-region.ts'
import { BatchedReads } from './batched-reads.ts'
import { callLimits } from './call-limits.ts'
import { type ProviderSettings, setting } from './provider-settings.ts'
import { numberOf, parameterOf, stateOfParameter, versionOfParameter } from './ssm-answers.ts'
import { checkedParameterId, ssmSelector } from './ssm-selector.ts'
import { ssmWriter } from './ssm-writer.ts'

/** As for `aws`; the endpoint's default is AWS_ENDPOINT_URL_SSM, AWS_ENDPOINT_URL, the region's own. */
export interface SsmProviderOptions extends Omit<AwsProviderOptions, 'client'> {
  /** The key that a written value is encrypted with. Default: the account's own for Parameter Store. */
  readonly kmsKeyId?: string
  /** Called in place of a client of the provider's own; `close` leaves it open. */
  readonly client?: Pick<AwsJsonClient<ParameterStoreOperations>, 'call'>
}

/** A list of half a million parameters; one that goes on after that has no end. */
const maxPages = 10_000

type Listed = SecretState & { readonly name: string }

interface OwnClient {
  readonly client: AwsJsonClient<ParameterStoreOperations>
  readonly forgetCredentials: () => void
}

const openClient = (options: SsmProviderOptions): OwnClient => {
  const { client: _, kmsKeyId: __, env = {}, clock = systemClock, credentials: ___, ...transport } = options
  const region = options.region ?? awsRegion(env)
  const endpoint = options.endpoint ?? awsEndpoint(env, 'SSM')
  const credentials = awsCredentialSource(options, region)
  const client = awsJsonClient<ParameterStoreOperations>({
    ...transport,
    clock,
    region,
    credentials,
    service: 'ssm',
    targetPrefix: 'AmazonSSM',
    source: 'ssm',
    ...(endpoint ? { endpoint } : {}),
  })
  return { client, forgetCredentials: () => credentials.forget?.() }
}

class SsmProvider implements SecretProvider {
  readonly name = 'ssm'
  readonly many: ManyReader
  readonly state: StateReader
  readonly list: SecretLister
  readonly write: SecretWriter
  readonly #client: Pick<AwsJsonClient<ParameterStoreOperations>, 'call'>
  readonly #own: OwnClient | undefined
  readonly #clock: Clock
  #closed = false

  constructor(options: SsmProviderOptions) {
    this.#clock = options.clock ?? systemClock
    this.#own = options.client ? undefined : openClient(options)
    this.#client = options.client ?? (this.#own as OwnClient).client
    this.many = new BatchedReads({
      maxRefs: 10,
      source: this.name,
      clock: this.#clock,
      single: (ref, call) => this.get(ref, call),
      batch: (ids, call) => this.#batch(ids, call),
    })
    this.state = { maxRefs: 1, describe: (refs, call) => Promise.all(refs.map((ref) => this.#describe(ref, call))) }
    this.list = { list: ({ prefix }, call) => this.#list(prefix, call) }
    this.write = ssmWriter({
      client: this.#client,
      begin: (call) => this.#begin(call),
      read: (ref) => this.get(ref),
      kmsKeyId: options.kmsKeyId,
    })
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    this.#begin(call, ref)
    const { id, version, stage } = ref
    const selector = stage === 'previous' ? await this.#beforeCurrent(ref, call) : ssmSelector(ref)
    const parameter = await this.#ask(`${checkedParameterId(id)}${selector}`, true, this.#begin(call))
    const stages = stage ? [stage] : version === undefined ? (['current'] as const) : undefined
    const found = versionOfParameter(parameter, stages)
    if (version === undefined || version === found.version) return found
    throw this.#error('version_not_found', `${JSON.stringify(id)}: version ${version} has another stage.`)
  }

  /** Credentials that are kept are fetched anew. */
  async refresh(): Promise<void> {
    this.#own?.forgetCredentials()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#own?.client.close()
  }

  async #ask(name: string, decrypt: boolean, limits: AwsCallOptions): Promise<Parameter> {
    const answer = await this.#client.call('GetParameter', { Name: name, WithDecryption: decrypt }, limits)
    return parameterOf(answer.Parameter)
  }

  /** Parameter Store counts its versions one by one, so the previous one is the number before. */
  async #beforeCurrent(ref: SecretRef, call?: CallOptions): Promise<string> {
    ssmSelector(ref)
    const number = numberOf(await this.#ask(checkedParameterId(ref.id), false, this.#begin(call)))
    if (number > 1) return `:${number - 1}`
    throw this.#error('version_not_found', `${JSON.stringify(ref.id)} has one version only.`)
  }

  async #batch(ids: readonly string[], call?: CallOptions): Promise<ReadonlyMap<string, Outcome<SecretVersion>>> {
    const outcomes = new Map<string, Outcome<SecretVersion>>()
    // What can't be an id would spoil the batch; read by itself, it is told why.
    const asked = ids.filter(
      (id) => /^[\w./-]+$/.test(id) || /^arn:[^:]+:ssm:[^:]+:(?:\d{12})?:parameter[\w./-]+$/.test(id),
    )
    if (asked.length < 2) return outcomes
    const input = { Names: asked, WithDecryption: true }
    const { Parameters: found = [] } = await this.#client.call('GetParameters', input, this.#begin(call))
    if (!Array.isArray(found)) throw this.#error('bad_response', "GetParameters: AWS's answer has no list.")
    for (const id of asked) {
      const parameter = found.map(parameterOf).find(({ Name: name, ARN: arn }) => id === name || id === arn)
      // The names that are left are told to be invalid, not whether they are absent: each is asked for by itself.
      if (parameter) outcomes.set(id, this.#outcome(parameter))
    }
    return outcomes
  }

  #outcome(parameter: Parameter): Outcome<SecretVersion> {
    try {
      return { ok: true, value: versionOfParameter(parameter, ['current']) }
    } catch (thrown) {
      return { ok: false, error: toSecretsError(thrown) }
    }
  }

  /** The value is asked for as it is stored, so that no key is used. */
  async #describe(ref: SecretRef, call?: CallOptions): Promise<Outcome<SecretState>> {
    const limits = this.#begin(call, ref)
    try {
      const { name: _, ...state } = stateOfParameter(await this.#ask(checkedParameterId(ref.id), false, limits))
      return { ok: true, value: state }
    } catch (thrown) {
      if (call?.signal?.aborted) throw thrown
      return { ok: false, error: toSecretsError(thrown) }
    }
  }

  async *#list(prefix = '', call?: CallOptions): AsyncGenerator<Listed> {
    const filter =
      prefix === ''
        ? {}
        : { ParameterFilters: [{ Key: 'Name' as const, Option: 'BeginsWith' as const, Values: [prefix] }] }
    const seen = new Set<string>()
    let next: { readonly NextToken?: string } = {}
    for (let pages = 0; pages < maxPages; pages++) {
      const input = { MaxResults: 50, ...filter, ...next }
      const page = await this.#client.call('DescribeParameters', input, this.#begin(call))
      if (!Array.isArray(page.Parameters ?? [])) throw this.#malformedList('has no list')
      for (const entry of page.Parameters ?? []) {
        const state = stateOfParameter(parameterOf(entry))
        if (state.name.startsWith(prefix)) yield state
      }
      if (!page.NextToken) return
      if (seen.has(page.NextToken)) throw this.#malformedList('goes round in circles')
      seen.add(page.NextToken)
      next = { NextToken: page.NextToken }
    }
    throw this.#malformedList('has no end')
  }

  #malformedList(what: string): SecretsError {
    return this.#error('bad_response', `DescribeParameters: AWS's answer ${what}.`)
  }

  #begin(call: CallOptions = {}, ref?: SecretRef): AwsCallOptions {
    if (this.#closed) throw this.#error('closed', 'The ssm provider was closed.')
    if (ref?.as !== undefined) throw this.#error('unsupported', 'The ssm provider assumes no role for a single read.')
    return callLimits(call, this.#clock, this.name)
  }

  #error(code: 'closed' | 'unsupported' | 'bad_response' | 'version_not_found', message: string): SecretsError {
    return new SecretsError(code, message, { source: this.name })
  }
}

/**
 * AWS Systems Manager's Parameter Store. No SDK is loaded, nothing is cached or retried. A version is a number, a label a
 * stage `label:…`; `previous` is the number before the current one.
 * @throws SecretsError `config_invalid` where the endpoint is none.
 */
export const ssmProvider = (options: SsmProviderOptions = {}): SecretProvider => new SsmProvider(options)

/** The provider by settings: `SSM_KMS_KEY_ID` is the option `kmsKeyId`; the rest is AWS's own environment. */
export const ssmFromSettings = async (settings: ProviderSettings): Promise<SecretProvider> => {
  const { env, awsRegion: region, clock } = settings
  const kmsKeyId = setting(settings, 'SSM_KMS_KEY_ID')
  return ssmProvider({
    env,
    clock,
    ...(region === undefined ? {} : { region }),
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
  })
}
