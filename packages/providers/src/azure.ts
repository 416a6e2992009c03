import {
  type CallOptions,
  type Clock,
  type ErrorCode,
  type SecretLister,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretState,
  type SecretVersion,
  type SecretWriter,
  systemClock,
} from '@keyplane/core'
import { parseEndpoint } from '@keyplane/http'
import { entryOfProperties, versionOfSecret } from './azure-answers.ts'
import {
  type AzureCallOptions,
  type AzureCredential,
  type AzureSecretProperties,
  type AzureSecretsClient,
  azureCallOptions,
  openAzureClient,
} from './azure-client.ts'
import { azureError } from './azure-errors.ts'
import { type AzureAskOptions, azureWriter } from './azure-writer.ts'
import { boundedCall } from './bounded-call.ts'
import { type ProviderSettings, setting } from './provider-settings.ts'

export interface AzureProviderOptions {
  /** `https://NAME.vault.azure.net`. */
  readonly vaultUrl: string
  /** What signs in. Default: `DefaultAzureCredential` of `@azure/identity`. */
  readonly credential?: AzureCredential
  /** Called in place of a client of the provider's own. */
  readonly client?: AzureSecretsClient
  readonly clock?: Clock
}

/** For a call without a deadline. */
const defaultTimeoutMs = 30_000

class AzureProvider implements SecretProvider {
  readonly name = 'azure'
  readonly list: SecretLister
  readonly write: SecretWriter
  readonly #options: AzureProviderOptions
  readonly #vaultUrl: string
  readonly #clock: Clock
  #own: Promise<AzureSecretsClient> | undefined
  readonly #closing = new AbortController()

  constructor(options: AzureProviderOptions) {
    this.#options = options
    this.#vaultUrl = parseEndpoint(options.vaultUrl).origin
    this.#clock = options.clock ?? systemClock
    this.list = { list: ({ prefix }, call) => this.#list(prefix, call) }
    this.write = azureWriter({
      ask: (call, act, options) => this.#ask(call, act, options),
      nameOf: (id) => this.#nameOf(id),
      read: (ref, call) => this.get(ref, call),
    })
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    this.#begin(ref)
    const { stage } = ref
    const name = this.#nameOf(ref.id)
    const wanted = stage === 'previous' ? await this.#beforeCurrent(name, call) : this.#versionOf(ref)
    const secret = await this.#ask(call, (client, options) =>
      client.getSecret(name, { ...options, ...(wanted === undefined ? {} : { version: wanted }) }),
    ).catch((thrown: unknown) => this.#whichIsAbsent(thrown, name, wanted, call))
    const stages = stage ? [stage] : wanted === undefined ? (['current'] as const) : undefined
    const found = versionOfSecret(secret, stages)
    if (ref.version === undefined || ref.version.toLowerCase() === found.version) return found
    throw this.#error('version_not_found', `${JSON.stringify(ref.id)}: version ${ref.version} has another stage.`)
  }

  /** The next call begins with a client of its own, signed in anew. */
  async refresh(): Promise<void> {
    this.#own = undefined
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#own = undefined
  }

  #client(): Promise<AzureSecretsClient> {
    if (this.#options.client) return Promise.resolve(this.#options.client)
    this.#own ??= openAzureClient(this.#vaultUrl, this.#options.credential).catch((thrown: unknown) => {
      this.#own = undefined
      throw thrown
    })
    return this.#own
  }

  async #ask<T>(
    call: CallOptions | undefined,
    act: (client: AzureSecretsClient, options: AzureCallOptions) => Promise<T>,
    { hidden = [], limitMs = defaultTimeoutMs }: AzureAskOptions = {},
  ): Promise<T> {
    this.#begin()
    return boundedCall(call, async (limits) => act(await this.#client(), azureCallOptions(limits)), {
      clock: this.#clock,
      source: this.name,
      // The SDK has no way to be closed; a call under way is called off one by one.
      closing: this.#closing.signal,
      limitMs,
      errorOf: (thrown) => azureError(thrown, hidden),
    })
  }

  #begin(ref?: SecretRef): void {
    if (this.#closing.signal.aborted) throw this.#error('closed', 'The azure provider was closed.')
    if (ref?.as !== undefined) throw this.#error('unsupported', 'The azure provider assumes no identity for a read.')
  }

  /** A name, or the secret's address in this vault without its version. */
  #nameOf(id: string): string {
    const prefix = `${this.#vaultUrl}/secrets/`
    const name = id.startsWith(prefix) ? id.slice(prefix.length) : id
    if (/^[0-9A-Za-z-]{1,127}$/.test(name)) return name
    throw this.#error('invalid_request', `${JSON.stringify(id)}: give a name of letters, digits and "-".`)
  }

  #versionOf({ id, version, stage }: SecretRef): string | undefined {
    if (stage !== undefined && stage !== 'current')
      throw this.#error('version_not_found', `${JSON.stringify(id)}: Key Vault knows current and previous only.`)
    if (version === undefined || stage === 'current') return undefined
    if (/^[0-9a-f]{32}$/i.test(version)) return version.toLowerCase()
    throw this.#error('version_not_found', `${JSON.stringify(id)}: a version is 32 hexadecimal digits.`)
  }

  /** Key Vault says the same of a version that is not there as of a secret: whether the secret is there tells them apart. */
  async #whichIsAbsent(thrown: unknown, name: string, version: string | undefined, call?: CallOptions): Promise<never> {
    const isAbsent = thrown instanceof SecretsError && thrown.code === 'secret_not_found'
    if (!isAbsent || version === undefined) throw thrown
    await this.#ask(call, (client, options) => client.getSecret(name, options))
    throw new SecretsError('version_not_found', `${JSON.stringify(name)} has no version ${version}.`, {
      source: this.name,
      ...(thrown.upstream ? { upstream: thrown.upstream } : {}),
    })
  }

  /** The newest enabled version but the current one. Key Vault lists versions in no order, by the second. */
  async #beforeCurrent(name: string, call?: CallOptions): Promise<string> {
    const versions = await this.#ask(call, async (client, options) => {
      const all: AzureSecretProperties[] = []
      for await (const properties of client.listPropertiesOfSecretVersions(name, options)) all.push(properties)
      return all
    })
    const current = (await this.get({ id: name }, call)).version
    const createdAt = ({ createdOn }: AzureSecretProperties): number => createdOn?.getTime() ?? 0
    const [newest, next] = versions
      .filter(({ version, enabled }) => version !== undefined && version !== current && enabled !== false)
      .sort((a, b) => createdAt(b) - createdAt(a))
    if (newest?.version === undefined)
      throw this.#error('version_not_found', `${JSON.stringify(name)} has no enabled version before the current one.`)
    if (next && createdAt(next) === createdAt(newest))
      throw this.#error('unsupported', `${JSON.stringify(name)}: two versions are of one second; name the one meant.`)
    return newest.version
  }

  async *#list(prefix = '', call?: CallOptions): AsyncGenerator<SecretState & { readonly name: string }> {
    const pages = await this.#ask(call, async (client, options) =>
      client.listPropertiesOfSecrets(options)[Symbol.asyncIterator](),
    )
    for (;;) {
      const next = await this.#ask(call, () => pages.next())
      if (next.done) return
      const entry = entryOfProperties(next.value)
      if (entry.name.startsWith(prefix)) yield entry
    }
  }

  #error(code: ErrorCode, message: string): SecretsError {
    return new SecretsError(code, message, { source: this.name })
  }
}

/**
 * The secrets of one Azure Key Vault, by Azure's SDKs (`@azure/keyvault-secrets`, and `@azure/identity` where no credential
 * is given), which are loaded at the first call and told not to retry.
 * @throws SecretsError `config_invalid` where the vault's address is none.
 */
export const azureProvider = (options: AzureProviderOptions): SecretProvider => new AzureProvider(options)

/** The provider by settings: `AZURE_VAULT_URL` is the vault. */
export const azureFromSettings = async (settings: ProviderSettings): Promise<SecretProvider> => {
  const vaultUrl = setting(settings, 'AZURE_VAULT_URL')
  if (vaultUrl !== undefined) return azureProvider({ vaultUrl, clock: settings.clock })
  throw new SecretsError(
    'config_invalid',
    'The vault is not set: KEYPLANE_AZURE_VAULT_URL is its address, https://NAME.vault.azure.net.',
    { source: 'azure' },
  )
}
