import {
  type CallOptions,
  type Clock,
  type ErrorCode,
  type LeaseKeeper,
  type SecretLister,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretState,
  type SecretVersion,
  type SecretWriter,
  type StateReader,
  systemClock,
} from '@keyplane/core'
import {
  type KvCall,
  type KvV2,
  kvV2,
  type OpenBaoClient,
  type OpenBaoClientOptions,
  openBaoClient,
  valueOfFields,
} from '@keyplane/openbao'
import { OpenBaoRoles } from './openbao-roles.ts'
import { OpenBaoStates } from './openbao-states.ts'
import { openBaoWriter } from './openbao-writer.ts'
import { openBaoOptions } from './openbao-settings.ts'
import { versionAtStage, versionNumber } from './openbao-versions.ts'
import type { ProviderSettings } from './provider-settings.ts'

export interface OpenBaoProviderOptions extends Omit<OpenBaoClientOptions, 'source'> {
  /** The KV mount, version 2. Default `secret`. */
  readonly mount?: string
  /**
   * Ids that are no paths of the KV mount, but roles of engines that make credentials, `MOUNT/ROLE`: each read of one makes
   * another credential, with a lease. `openSecrets` shares and renews them. Default: none.
   */
  readonly dynamic?: Iterable<string>
}

/** Shared by all versions that are read as current. */
const onlyCurrent = Object.freeze(['current'] as const)

/** Of a version: OpenBao's name of the read that gave it, the same as in its audit log. */
const requestIdAttribute = 'openbao.requestId'

const madeAnew = ({ id }: SecretRef): string =>
  `${JSON.stringify(id)} is made anew at each read: there is nothing to look at.`

class OpenBaoProvider implements SecretProvider {
  readonly name = 'openbao'
  readonly state: StateReader
  readonly list: SecretLister
  readonly write: SecretWriter
  readonly leases?: LeaseKeeper
  readonly #client: OpenBaoClient
  readonly #roles: OpenBaoRoles
  readonly #kv: KvV2
  #closed = false

  constructor({ mount = 'secret', dynamic = [], ...transport }: OpenBaoProviderOptions) {
    const clock: Clock = transport.clock ?? systemClock
    this.#client = openBaoClient({ ...transport, source: this.name })
    this.#kv = kvV2({ client: this.#client, mount, clock, source: this.name })
    const begin = (call?: CallOptions, ref?: SecretRef): KvCall => this.#begin(call, ref)
    this.#roles = new OpenBaoRoles({ ids: dynamic, client: this.#client, clock, begin })
    if (!this.#roles.isEmpty) this.leases = this.#roles
    const look = (call?: CallOptions, ref?: SecretRef): KvCall => {
      if (ref && this.#roles.isLeased(ref)) throw this.#error('unsupported', madeAnew(ref))
      return this.#begin(call, ref)
    }
    this.state = new OpenBaoStates({ kv: this.#kv, clock, begin: look })
    this.list = { list: ({ prefix }, call) => this.#list(prefix, call) }
    this.write = openBaoWriter({ kv: this.#kv, begin })
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    const limits = this.#begin(call, ref)
    if (this.#roles.isLeased(ref)) return this.#roles.get(ref, limits)
    const version = await this.#wanted(ref, limits)
    const read = await this.#read(ref.id, version, limits)
    const isCurrent = ref.version === undefined && (ref.stage ?? 'current') === 'current'
    const stages = isCurrent ? onlyCurrent : ref.stage === undefined ? undefined : Object.freeze([ref.stage])
    return Object.freeze({
      id: ref.id,
      name: ref.id,
      version: String(read.version),
      ...(stages ? { stages } : {}),
      createdAtMs: read.createdAtMs,
      value: valueOfFields(read.fields.reveal()),
      ...(read.requestId === undefined ? {} : { attributes: Object.freeze({ [requestIdAttribute]: read.requestId }) }),
    })
  }

  /** Forgets the token and refused logins, by AppRole for one more try in 15 minutes. */
  async refresh(): Promise<void> {
    this.#client.refresh()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#client.close()
  }

  /** The number of the version that is meant; nothing where it is the current one, which needs no question. */
  async #wanted({ id, version, stage }: SecretRef, limits: KvCall): Promise<number | undefined> {
    if (version === undefined && (stage ?? 'current') === 'current') return undefined
    const number = version === undefined ? undefined : versionNumber(version)
    if (version !== undefined && number === undefined)
      throw this.#error('version_not_found', `${JSON.stringify(id)}: OpenBao's versions are whole numbers.`)
    if (stage === undefined) return number
    const atStage = versionAtStage(await this.#kv.metadata(id, limits), stage)
    if (atStage === undefined || (number !== undefined && number !== atStage))
      throw this.#error('version_not_found', `${JSON.stringify(id)} has no such version at ${stage}.`)
    return atStage
  }

  async #read(id: string, version: number | undefined, limits: KvCall): ReturnType<KvV2['read']> {
    try {
      return await this.#kv.read(id, version === undefined ? {} : { version }, limits)
    } catch (thrown) {
      if (version === undefined || !(thrown instanceof SecretsError) || thrown.code !== 'secret_not_found') throw thrown
      // The answer is the same whether the secret or only this version is missing; the metadata tells.
      await this.#kv.metadata(id, limits)
      throw this.#error('version_not_found', `${JSON.stringify(id)} has no version ${version}.`)
    }
  }

  async *#list(prefix = '', call?: CallOptions): AsyncGenerator<SecretState & { readonly name: string }> {
    for await (const id of this.#kv.list(prefix, this.#begin(call))) {
      yield { id, name: id, versions: new Map() }
      this.#begin(call)
    }
  }

  #begin({ signal, deadlineAtMs }: CallOptions = {}, ref?: SecretRef): KvCall {
    signal?.throwIfAborted()
    if (this.#closed) throw this.#error('closed', 'The openbao provider was closed.')
    if (ref?.as !== undefined)
      throw this.#error('unsupported', 'The openbao provider assumes no identity for a single call.')
    return { ...(signal ? { signal } : {}), ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }) }
  }

  #error(code: ErrorCode, message: string): SecretsError {
    return new SecretsError(code, message, { source: this.name })
  }
}

/**
 * A KV mount, version 2, of OpenBao or HashiCorp Vault. The id is the path in the mount. Nothing is asked before the first
 * call, and nothing is kept but the token.
 * @throws SecretsError `config_invalid` where an endpoint is none.
 */
export const openbaoProvider = (options: OpenBaoProviderOptions): SecretProvider => new OpenBaoProvider(options)

/** The provider by settings. @throws SecretsError `config_invalid`, with every problem in one message. */
export const openbaoFromSettings = async (settings: ProviderSettings): Promise<SecretProvider> =>
  openbaoProvider(await openBaoOptions(settings))
