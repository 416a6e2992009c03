import {
  BytesValue,
  type CallOptions,
  type Clock,
  type ErrorCode,
  type ManyReader,
  type Outcome,
  type PutOptions,
  type SecretLister,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretState,
  type SecretValue,
  type SecretVersion,
  type SecretWatcher,
  type SecretWriter,
  type Stage,
  type StateReader,
  sameValue,
  systemClock,
  TextValue,
  toSecretsError,
} from '@keyplane/core'
import { MemoryChanges } from './memory-changes.ts'
import { MemorySecret } from './memory-secret.ts'
import type { ProviderSettings } from './provider-settings.ts'

export interface MemoryProviderOptions {
  /** What is there from the start, by id. Default: nothing. */
  readonly secrets?: Readonly<Record<string, string | Uint8Array>>
  /** Default: the machine's. */
  readonly clock?: Clock
  /** Names the versions of `secrets`. Default: random UUIDs. */
  readonly ids?: () => string
}

interface StageMove {
  readonly from?: string
  readonly to?: string
}

class MemoryProvider implements SecretProvider {
  readonly name = 'memory'
  readonly local = true
  readonly many: ManyReader
  readonly state: StateReader
  readonly list: SecretLister
  readonly watch: SecretWatcher
  readonly write: SecretWriter
  readonly #secrets = new Map<string, MemorySecret>()
  readonly #changes = new MemoryChanges()
  readonly #clock: Clock
  #closed = false

  constructor({ secrets = {}, clock = systemClock, ids = () => crypto.randomUUID() }: MemoryProviderOptions) {
    this.#clock = clock
    for (const [id, content] of Object.entries(secrets)) {
      const value = typeof content === 'string' ? new TextValue(content) : new BytesValue(content)
      this.#made(id).add(ids(), value, ['current'], clock.nowMs())
    }
    this.many = { maxRefs: 20, get: async (refs, call) => this.#each(refs, 20, call, (ref) => this.#read(ref)) }
    this.state = {
      maxRefs: 100,
      describe: async (refs, call) => this.#each(refs, 100, call, (ref) => this.#describe(this.#found(ref))),
    }
    this.list = { list: (query, call) => this.#list(query, call) }
    this.watch = { watch: (names, signal) => this.#watch(names, signal) }
    this.write = {
      put: async (ref, value, options, call) => this.#put(ref, value, options, call),
      remove: async (id, { recoverableForMs }, call) => this.#remove(id, recoverableForMs, call),
      moveStage: async (id, stage, move, call) => this.#moveStage(id, stage, move, call),
    }
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    this.#begin(call)
    return this.#read(ref)
  }

  getSync(ref: SecretRef): SecretVersion | undefined {
    this.#begin()
    return this.#kept(ref.id) || ref.as !== undefined ? this.#read(ref) : undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#secrets.clear()
    this.#changes.end()
  }

  #read(ref: SecretRef): SecretVersion {
    const secret = this.#found(ref)
    if (secret.deleted)
      throw this.#error('secret_deleted', `${JSON.stringify(ref.id)} is deleted and can be recovered.`)
    return secret.read(ref)
  }

  #each<T>(
    refs: readonly SecretRef[],
    maxRefs: number,
    call: CallOptions | undefined,
    act: (ref: SecretRef) => T,
  ): Outcome<T>[] {
    this.#begin(call)
    if (refs.length > maxRefs) throw this.#error('invalid_request', `At most ${maxRefs} secrets at a time.`)
    return refs.map((ref) => {
      try {
        return { ok: true, value: act(ref) }
      } catch (thrown) {
        return { ok: false, error: toSecretsError(thrown) }
      }
    })
  }

  #describe(secret: MemorySecret): SecretState {
    const { id, versions, changedAtMs, deleted } = secret
    return { id, versions, changedAtMs, ...(deleted ? { deletedAtMs: deleted.atMs } : {}) }
  }

  async *#list(
    { prefix = '' }: { readonly prefix?: string },
    call?: CallOptions,
  ): AsyncGenerator<SecretState & { readonly name: string }> {
    this.#begin(call)
    for (const id of this.#secrets.keys()) {
      this.#begin(call)
      const secret = this.#kept(id)
      if (secret && !secret.deleted && id.startsWith(prefix)) yield { ...this.#describe(secret), name: id }
    }
  }

  #watch(names: readonly string[] | 'all', signal: AbortSignal): ReturnType<SecretWatcher['watch']> {
    this.#begin({ signal })
    return this.#changes.watch(names, signal)
  }

  #put(ref: SecretRef, value: SecretValue, options: PutOptions, call?: CallOptions): SecretVersion {
    this.#begin(call)
    const { idempotencyKey: version, ifVersion, stages = ['current'] } = options
    const secret = this.#kept(ref.id)
    if (secret?.deleted) throw this.#error('secret_deleted', `${JSON.stringify(ref.id)} is deleted; it takes no value.`)
    if (version === '' || stages.length === 0)
      throw this.#error('invalid_request', 'A write needs an idempotency key and at least one stage.')
    const written = secret?.value(version)
    if (written && secret) {
      if (sameValue(written, value)) return secret.read({ id: ref.id, version })
      throw this.#error('conflict', `${JSON.stringify(ref.id)}: this idempotency key has another value already.`)
    }
    if (ifVersion !== undefined && ifVersion !== (secret ? secret.holder('current') : null))
      throw this.#error('conflict', `${JSON.stringify(ref.id)} has changed meanwhile.`)
    const target = secret ?? this.#made(ref.id)
    target.add(version, value, stages, this.#clock.nowMs())
    this.#changes.tell({ kind: 'changed', id: ref.id, version })
    return target.read({ id: ref.id, version })
  }

  #remove(id: string, recoverableForMs: number, call?: CallOptions): void {
    this.#begin(call)
    const secret = this.#found({ id })
    if (!(recoverableForMs >= 0)) throw this.#error('invalid_request', 'recoverableForMs has to be 0 or more.')
    const atMs = this.#clock.nowMs()
    if (recoverableForMs === 0) this.#secrets.delete(id)
    else secret.deleted ??= { atMs, purgeAtMs: atMs + recoverableForMs }
    this.#changes.tell({ kind: 'deleted', id })
  }

  #moveStage(id: string, stage: Stage, { from, to }: StageMove, call?: CallOptions): void {
    this.#begin(call)
    const secret = this.#found({ id })
    const holder = secret.holder(stage)
    if (to !== undefined && !secret.value(to))
      throw this.#error('version_not_found', `${JSON.stringify(id)} has no such version.`)
    if (to === undefined && (from === undefined || stage === 'current'))
      throw this.#error('invalid_request', 'Say where the stage goes; current has to be somewhere.')
    // As with AWS, a stage is taken from another version only by who says which.
    if (holder !== from && holder !== to)
      throw this.#error('conflict', `${JSON.stringify(id)}: the stage is elsewhere.`)
    secret.move(stage, to, this.#clock.nowMs())
    this.#changes.tell({ kind: 'changed', id, ...(to === undefined ? {} : { version: to }) })
  }

  #made(id: string): MemorySecret {
    const secret = new MemorySecret(id)
    this.#secrets.set(id, secret)
    return secret
  }

  /** The secret, if it is there and its time to be recovered is not over. */
  #kept(id: string): MemorySecret | undefined {
    const secret = this.#secrets.get(id)
    if (!secret?.deleted || this.#clock.nowMs() < secret.deleted.purgeAtMs) return secret
    this.#secrets.delete(id)
    return undefined
  }

  #found({ id, as }: SecretRef): MemorySecret {
    if (as !== undefined) throw this.#error('unsupported', 'Memory has no identities to assume.')
    const secret = this.#kept(id)
    if (secret) return secret
    throw this.#error('secret_not_found', `There is no secret ${JSON.stringify(id)}.`)
  }

  #begin(call?: CallOptions): void {
    if (this.#closed) throw this.#error('closed', 'The memory provider is closed.')
    call?.signal?.throwIfAborted()
  }

  #error(code: ErrorCode, message: string): SecretsError {
    return new SecretsError(code, message, { source: this.name })
  }
}

/**
 * Secrets in this process's memory, with every ability but leases: for tests, for demonstrations, and as the model that
 * other providers are compared with. Versions, stages and idempotency behave as in AWS Secrets Manager. Nothing is kept
 * after `close`.
 */
export const memoryProvider = (options: MemoryProviderOptions = {}): SecretProvider => new MemoryProvider(options)

/** The provider by settings: an empty one, of which there is nothing to set but the clock. */
export const memoryFromSettings = ({ clock }: ProviderSettings): SecretProvider => memoryProvider({ clock })
