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
import { boundedCall, type SdkLimits } from './bounded-call.ts'
import { entryOfSecret, partsOfVersion, valueOfPayload } from './gcp-answers.ts'
import { type GcpCallOptions, type GcpSecretsClient, gcpCallOptions, openGcpClient } from './gcp-client.ts'
import { gcpError, gcpSignInError } from './gcp-errors.ts'
import { gcpWriter } from './gcp-writer.ts'
import { type ProviderSettings, setting } from './provider-settings.ts'

export interface GcpProviderOptions {
  /** The project of ids that name none. Default: the one that Google's SDK finds. */
  readonly projectId?: string
  /** Called in place of a client of the provider's own; `close` leaves it open. */
  readonly client?: GcpSecretsClient
  readonly clock?: Clock
}

/** For a call without a deadline. */
const defaultTimeoutMs = 30_000

const isEnabled = (state: unknown): boolean => state === 'ENABLED' || state === 1

/**
 * The client once it has its credentials. Without this wait, a call that finds none rejects twice, once with nobody
 * listening, which ends the process.
 */
const signedIn = async (client: GcpSecretsClient): Promise<GcpSecretsClient> => {
  try {
    await client.initialize?.()
  } catch (thrown) {
    throw gcpSignInError(thrown)
  }
  return client
}

class GcpProvider implements SecretProvider {
  readonly name = 'gcp'
  readonly list: SecretLister
  readonly write: SecretWriter
  readonly #options: GcpProviderOptions
  readonly #clock: Clock
  readonly #closing = new AbortController()
  #own: Promise<GcpSecretsClient> | undefined
  /** The own client once it can be closed. */
  #ready: GcpSecretsClient | undefined
  #project: Promise<string> | undefined

  constructor(options: GcpProviderOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.list = { list: ({ prefix }, call) => this.#list(prefix, call) }
    this.write = gcpWriter({
      ask: (call, act, hidden) => this.#ask(call, act, { hidden }),
      resource: (id, call) => this.#resource(id, call),
      read: (ref, call) => this.get(ref, call),
    })
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    const { version, stage } = ref
    const resource = await this.#resource(ref.id, call, ref)
    const wanted = stage === 'previous' ? await this.#beforeLatest(ref, resource, call) : this.#selector(ref)
    const name = `${resource}/versions/${wanted}`
    const [answer] = await this.#ask(call, (client, options) => client.accessSecretVersion({ name }, options))
    const found = partsOfVersion(answer.name)
    if (version !== undefined && version !== found.version)
      throw this.#error('version_not_found', `${JSON.stringify(ref.id)}: version ${version} has another stage.`)
    const stages = stage ? [stage] : version === undefined ? (['current'] as const) : undefined
    return Object.freeze({
      ...found,
      ...(stages ? { stages: Object.freeze([...stages]) } : {}),
      value: valueOfPayload(answer),
    })
  }

  /** The next call begins with a client and credentials of its own. */
  async refresh(): Promise<void> {
    const [before, ready] = [this.#own, this.#ready]
    this.#own = undefined
    this.#ready = undefined
    // One that still looks for its credentials may never find them, and is not waited for.
    if (!ready) void before?.then((client) => client.close()).catch(() => {})
    await ready?.close()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.refresh()
  }

  #client(): Promise<GcpSecretsClient> {
    const { client } = this.#options
    if (client) return signedIn(client)
    this.#own ??= this.#open()
    return this.#own
  }

  #open(): Promise<GcpSecretsClient> {
    const own = openGcpClient(this.#options.projectId)
      .then(signedIn)
      .then(
        (client) => {
          if (this.#own === own) this.#ready = client
          return client
        },
        (thrown: unknown) => {
          // Its client remembers for as long as it lives that it found no credentials.
          if (this.#own === own) this.#own = undefined
          throw thrown
        },
      )
    return own
  }

  #ask<T>(
    call: CallOptions | undefined,
    act: (client: GcpSecretsClient, options: GcpCallOptions) => Promise<T>,
    { hidden = [] }: { readonly hidden?: readonly string[] | undefined } = {},
  ): Promise<T> {
    const asked = async (limits: SdkLimits): Promise<T> => act(await this.#client(), gcpCallOptions(limits))
    return this.#bounded(call, asked, hidden)
  }

  async #bounded<T>(
    call: CallOptions | undefined,
    act: (limits: SdkLimits) => Promise<T>,
    hidden: readonly string[] = [],
  ): Promise<T> {
    this.#begin()
    return boundedCall(call, act, {
      clock: this.#clock,
      source: this.name,
      closing: this.#closing.signal,
      limitMs: defaultTimeoutMs,
      errorOf: (thrown) => gcpError(thrown, hidden),
    })
  }

  #begin(ref?: SecretRef): void {
    if (this.#closing.signal.aborted) throw this.#error('closed', 'The gcp provider was closed.')
    if (ref?.as !== undefined) throw this.#error('unsupported', 'The gcp provider assumes no identity for a read.')
  }

  async #resource(id: string, call?: CallOptions, ref?: SecretRef): Promise<string> {
    this.#begin(ref)
    if (/^projects\/[a-z0-9][\w.:-]*\/(?:locations\/[a-z0-9][\w-]*\/)?secrets\/[\w-]{1,255}$/i.test(id)) return id
    if (!/^[\w-]{1,255}$/.test(id))
      throw this.#error(
        'invalid_request',
        `${JSON.stringify(id)}: give a name of letters, digits, "-" and "_", or projects/PROJECT/secrets/NAME.`,
      )
    return `${await this.#parent(call)}/secrets/${id}`
  }

  async #parent(call?: CallOptions): Promise<string> {
    const { projectId } = this.#options
    if (projectId !== undefined) return `projects/${projectId}`
    // Asked once for all who wait, so that none of them ends it for the others.
    this.#project ??= this.#ask(undefined, (client) => client.getProjectId()).catch((thrown: unknown) => {
      this.#project = undefined
      throw thrown
    })
    const project = this.#project
    return `projects/${await this.#bounded(call, () => project)}`
  }

  /** `latest`, a number, or an alias, which is what a label is to Google. */
  #selector({ id, version, stage }: SecretRef): string {
    if (version !== undefined && !/^[1-9]\d{0,18}$/.test(version))
      throw this.#error('version_not_found', `${JSON.stringify(id)}: a version is a number from 1.`)
    if (stage === undefined) return version ?? 'latest'
    if (stage === 'current') return 'latest'
    const alias = stage.startsWith('label:') ? stage.slice('label:'.length) : ''
    // An alias can't begin with a digit; "latest" is Google's own.
    if (/^[A-Za-z][\w-]{0,62}$/.test(alias) && alias !== 'latest') return alias
    throw this.#error('version_not_found', `${JSON.stringify(id)}: Google has no such stage.`)
  }

  /** The newest enabled version below the latest one; Google lists the newest first. */
  async #beforeLatest(ref: SecretRef, parent: string, call?: CallOptions): Promise<string> {
    const found = await this.#ask(call, async (client, options) => {
      let isLatest = true
      const pages = client.listSecretVersionsAsync({ parent, pageSize: 25 }, { ...options, autoPaginate: false })
      for await (const { name, state } of pages) {
        if (!isLatest && isEnabled(state)) return partsOfVersion(name).version
        isLatest = false
      }
      return undefined
    })
    if (found !== undefined) return found
    throw this.#error('version_not_found', `${JSON.stringify(ref.id)} has no enabled version before the latest.`)
  }

  async *#list(prefix = '', call?: CallOptions): AsyncGenerator<SecretState & { readonly name: string }> {
    const parent = await this.#parent(call)
    // Google's filter finds the text anywhere in a name, so it only narrows.
    const filter = /^[\w-]+$/.test(prefix) ? { filter: `name:${prefix}` } : {}
    const pages = await this.#ask(call, async (client, options) => {
      const secrets = client.listSecretsAsync({ parent, ...filter, pageSize: 250 }, { ...options, autoPaginate: false })
      return secrets[Symbol.asyncIterator]()
    })
    for (;;) {
      const next = await this.#ask(call, () => pages.next())
      if (next.done) return
      const entry = entryOfSecret(next.value)
      if (entry.name.startsWith(prefix)) yield entry
    }
  }

  #error(code: ErrorCode, message: string): SecretsError {
    return new SecretsError(code, message, { source: this.name })
  }
}

/**
 * Google Cloud's Secret Manager, by Google's SDK (`@google-cloud/secret-manager`), which is loaded at the first call and
 * told not to retry. `current` is Google's `latest`, a label an alias.
 */
export const gcpProvider = (options: GcpProviderOptions = {}): SecretProvider => new GcpProvider(options)

/** The provider by settings: `GCP_PROJECT`, else `GOOGLE_CLOUD_PROJECT`, else what Google's SDK finds. */
export const gcpFromSettings = async (settings: ProviderSettings): Promise<SecretProvider> => {
  const projectId = setting(settings, 'GCP_PROJECT') ?? (settings.env['GOOGLE_CLOUD_PROJECT'] || undefined)
  return gcpProvider({ clock: settings.clock, ...(projectId === undefined ? {} : { projectId }) })
}
