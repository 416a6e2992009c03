import {
  type CallOptions,
  type Change,
  type Outcome,
  type Reading,
  revealText,
  type SecretRef,
  SecretsError,
  type SecretVersion,
  toSecretsError,
} from '@keyplane/core'
import type { Chain, ChainCall } from './chain/chain.ts'
import type { Explanation } from './chain/explanation.ts'
import type { Leg } from './chain/leg.ts'
import { endsRead, type Strictness } from './chain/strictness.ts'
import type { ReadCounts } from './chain/tally.ts'
import { type SecretChange, secretChanges } from './changes/secret-changes.ts'
import type { SecretsManagerOptions } from './manager-options.ts'
import { type ManagerParts, openParts } from './manager-parts.ts'
import { combinedError } from './combined-error.ts'
import { assertKey, notLoaded } from './key-errors.ts'
import { type ManySecrets, readMany } from './many.ts'
import { documentOf } from './parsed-json.ts'
import { referredText } from './references/referred-text.ts'
import { resolveReferences } from './references/resolve.ts'
import type { StandardSchema } from './standard-schema.ts'
import { withSecret, type WithSecretOptions } from './with-secret/with-secret.ts'

export interface GetSecretOptions {
  readonly strict?: Strictness
  readonly signal?: AbortSignal
}

export type GetSecretSyncOptions = Pick<GetSecretOptions, 'strict'>

export interface GetSecretJsonOptions<T> extends GetSecretOptions {
  /** Says what the document must be; without one it must be an object. */
  readonly schema?: StandardSchema<T>
}

/** A program's secrets: sources in order, each behind its own cache. */
export class SecretsManager {
  readonly #parts: ManagerParts
  readonly #chain: Chain
  readonly #strict: Strictness
  #closed = false

  /** @throws SecretsError `config_invalid`, with every problem in one message. */
  constructor(options: SecretsManagerOptions = {}) {
    this.#parts = openParts(options, (ref, call) => this.read(ref, call))
    this.#chain = this.#parts.chain
    this.#strict = this.#parts.strict
  }

  /**
   * The secret's current text, or the default where no source has it.
   * @throws SecretsError `invalid_request` for bytes that are no text; when strict, for what is no absence.
   */
  getSecret(key: string, fallback: string, options?: GetSecretOptions): Promise<string>
  getSecret(key: string, fallback?: string, options?: GetSecretOptions): Promise<string | undefined>
  getSecret(key: string, fallback?: string, options?: GetSecretOptions): Promise<string | undefined> {
    // A cached answer costs no call frame of an async function.
    const cached = options?.signal?.aborted ? undefined : this.#peek(key)
    if (cached?.version.value.kind === 'text') return Promise.resolve(cached.version.value.reveal())
    return this.#read(key, fallback !== undefined, options).then((reading) =>
      reading ? revealText(reading.version.value) : fallback,
    )
  }

  /**
   * The same without waiting, for keys that were read or preloaded before: the last value that the source gave. One that
   * has expired is asked for again behind the caller's back.
   * @throws SecretsError `invalid_request` for a key that was never read; as `getSecret`.
   */
  getSecretSync(key: string, fallback: string, options?: GetSecretSyncOptions): string
  getSecretSync(key: string, fallback?: string, options?: GetSecretSyncOptions): string | undefined
  getSecretSync(key: string, fallback?: string, options?: GetSecretSyncOptions): string | undefined {
    assertKey(key)
    const cached = this.#peek(key)
    if (cached) return revealText(cached.version.value)
    const strict = options?.strict ?? this.#strict
    const known = this.recall({ id: key }, { strict })
    if (!known) throw notLoaded(key)
    if (known.ok) return revealText(this.#given(known.value).version.value)
    if (endsRead(known.error, strict)) throw known.error
    return fallback
  }

  /** The secret's current bytes, a copy; those of a text in UTF-8. @throws SecretsError when strict, for what is no absence. */
  async getSecretBytes(key: string, options?: GetSecretOptions): Promise<Uint8Array | undefined> {
    const reading = await this.#read(key, false, options)
    if (!reading) return undefined
    const { value } = reading.version
    return value.kind === 'bytes' ? value.reveal() : new TextEncoder().encode(value.reveal())
  }

  /**
   * The secret's JSON document, frozen; the default where no source has it. What is no JSON object, or does not fit the
   * schema, is `undefined` with a warning: never the default, and never another source's.
   * @throws SecretsError when strict, for what is no absence.
   */
  async getSecretJson<T = Readonly<Record<string, unknown>>>(
    key: string,
    fallback?: T,
    options: GetSecretJsonOptions<T> = {},
  ): Promise<T | undefined> {
    options.signal?.throwIfAborted()
    const reading = this.#peek(key) ?? (await this.#read(key, fallback !== undefined, options))
    if (!reading) return fallback
    const document = documentOf(reading.version, options.schema)
    const result = document instanceof Promise ? await document : document
    if (result.ok) return result.value
    this.unusable(key, reading.source, result.why)
    return undefined
  }

  /**
   * Many secrets in as few calls as their sources allow: 20 a call on AWS. What fails is told key by key.
   * @throws the signal's reason, if it is aborted.
   */
  async getMany<const Key extends string>(
    keys: readonly Key[],
    options: GetSecretOptions = {},
  ): Promise<ManySecrets<Key>> {
    return this.#many(keys, options, (reading) => this.#given(reading))
  }

  /** Reads keys ahead of their use. @throws SecretsError with a line for each that has no value. */
  async preload(keys: readonly string[], options: GetSecretOptions = {}): Promise<void> {
    const { errors } = await this.#many(keys, options, (reading) => reading)
    const problems = Object.entries<SecretsError | undefined>(errors).flatMap(([name, error]) =>
      error ? [{ name, error }] : [],
    )
    if (problems.length > 0) throw combinedError(problems, 'could not be loaded')
  }

  /**
   * Runs `use` with the secret's text. Where `use` fails because the secret was refused, it is read anew and `use` is run
   * again, also with the pending or the previous version: a rotation goes unnoticed. See `WithSecretOptions`.
   * @throws what `use` throws; SecretsError where there is no secret.
   */
  withSecret<T>(
    key: string,
    use: (secret: string, version: SecretVersion) => T | Promise<T>,
    options: WithSecretOptions = {},
  ): Promise<T> {
    return this.#use(key, options, async (version) => use(revealText(version.value), version))
  }

  /**
   * The same with the secret's JSON document.
   * @throws also SecretsError `bad_response` for a version that is no JSON object, or does not fit the schema.
   */
  withSecretJson<T, Document = Readonly<Record<string, unknown>>>(
    key: string,
    use: (document: Document, version: SecretVersion) => T | Promise<T>,
    { schema, ...options }: WithSecretOptions & { readonly schema?: StandardSchema<Document> } = {},
  ): Promise<T> {
    const useVersion = async (version: SecretVersion): Promise<T> => {
      const document = await documentOf(version, schema)
      if (document.ok) return use(document.value, version)
      throw new SecretsError('bad_response', `The secret ${JSON.stringify(key)} ${document.why}.`)
    }
    return this.#use(key, options, useVersion, async (version) => (await documentOf(version, schema)).ok)
  }

  /**
   * Calls `listener` with a secret's new text when it changed, and with nothing when it is gone: at once where the source
   * pushes changes, else at the next look. Bytes that are no text are in the change's `version`. What the listener throws
   * is told by the key alone.
   * @returns what ends it.
   */
  onChange(key: string, listener: (secret: string | undefined, change: SecretChange) => unknown): () => void {
    this.#assertOpen()
    assertKey(key)
    return this.#parts.watches.add(key, (version, before) => {
      return listener(version && textIfAny(version), { key, version, before })
    })
  }

  /** The changes of some keys from this call on, until the signal is aborted or the loop is left. */
  watch(keys: readonly string[], options: Pick<GetSecretOptions, 'signal'> = {}): AsyncIterable<SecretChange> {
    this.#assertOpen()
    for (const key of keys) assertKey(key)
    return secretChanges(this.#parts.watches, keys, options.signal)
  }

  /**
   * A copy of plain data (a configuration, `process.env`) in which each text `keyplane://provider/path#field` is the
   * secret, or the field of it, that it refers to.
   * @throws SecretsError with a line for each reference that leads nowhere.
   */
  async resolve<T>(data: T, { signal }: Pick<GetSecretOptions, 'signal'> = {}): Promise<T> {
    this.#assertOpen()
    return resolveReferences(
      data,
      async (reference) => {
        const leg = this.#parts.legs.named(reference.provider)
        const reading = await this.#chain.readFrom(leg, reference.ref, callOf({ signal }))
        return referredText(reference, this.#given(reading).version)
      },
      signal,
    )
  }

  /** The names of all sources' secrets, sorted. It asks the sources themselves, never a cache. */
  async listSecrets(prefix?: string, options: GetSecretOptions = {}): Promise<string[]> {
    this.#assertOpen()
    const query = prefix === undefined ? {} : { prefix }
    const call = { ...callOf(options), strict: options.strict ?? this.#strict }
    const names = await this.#chain.each('the list of secrets', (leg) => leg.names(query, callOf(options)), call)
    return [...new Set(names.flat())].sort()
  }

  /** Forgets what is cached, of one secret or of all; the next read asks the source. */
  async refresh(key?: string): Promise<void> {
    this.#assertOpen()
    if (key !== undefined) return this.invalidate({ kind: 'deleted', id: key })
    const underWay = this.#parts.legs.all.flatMap((leg) => refreshed(leg) ?? [])
    if (underWay.length === 0) return
    const results = await Promise.allSettled(underWay)
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw toSecretsError(failed.reason)
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed
  }

  /** A cached, fresh answer of the first source; no I/O. */
  peek(ref: SecretRef): Reading | undefined {
    return this.#chain.peek(ref)
  }

  /** What the sources last said of a secret, however old within `cache.maxStale`; nothing where they were not asked. */
  recall(ref: SecretRef, call: Pick<ChainCall, 'strict'> = {}): Outcome<Reading> | undefined {
    this.#assertOpen()
    return this.#chain.recall(ref, { strict: this.#strict, ...call })
  }

  /**
   * The first source's reading, with version, labels and age; nothing where no source has it.
   * @throws SecretsError when strict, for what is no absence.
   */
  read(ref: SecretRef, call: ChainCall & { readonly required: true }): Promise<Reading>
  read(ref: SecretRef, call?: ChainCall): Promise<Reading | undefined>
  async read(ref: SecretRef, call: ChainCall = {}): Promise<Reading | undefined> {
    const reading = await this.#readLive(ref, { strict: this.#strict, ...call })
    return reading && snapshot(reading)
  }

  /** Where a secret comes from, how old it is, and why the sources before that one did not give it. Never its value. */
  async explain(key: string): Promise<Explanation> {
    this.#assertOpen()
    assertKey(key)
    return this.#chain.explain({ id: key }, { strict: this.#strict })
  }

  /** Reads of each source by outcome since the start: hits, asked, absent, denied, unreachable, broken, unusable. */
  metrics(): Readonly<Record<string, ReadCounts>> {
    return this.#chain.counts
  }

  /** How many references all sources' caches keep. */
  get cached(): number {
    return this.#parts.legs.all.reduce((sum, leg) => sum + (leg.ready?.cached() ?? 0), 0)
  }

  /** Tells the caches what changed at a source. */
  invalidate(change: Change): void {
    for (const leg of this.#parts.legs.all) leg.ready?.reader.invalidate(change)
    this.#parts.watches.tell(change)
  }

  /** Says that these keys hold no secret: what they hold is not masked in logs. */
  notSecret(...keys: readonly string[]): void {
    for (const key of keys) this.#parts.registrar.addNotSecret(key)
  }

  /**
   * Says that the program uses a version that it was given by `read`, `peek`, `recall` or a change; the other ways say so
   * themselves. Nothing where nobody takes receipts.
   */
  used(version: SecretVersion): void {
    this.#parts.receipts?.used(version)
  }

  /** Says that its target refused a version; `withSecret` says so itself. */
  refused(version: SecretVersion): void {
    this.#parts.receipts?.refused(version)
  }

  /** Tells, once, that a secret is there and cannot be used; `why` never quotes it. */
  unusable(key: string, source: string, why: string): void {
    this.#parts.reports.unusable(`The secret ${JSON.stringify(key)} of ${source} ${why}.`, key, source)
  }

  /** Drops what is cached, ends what the sources hold open and every watch. Nothing keeps the process alive after it. */
  async close(): Promise<void> {
    this.#closed = true
    this.#parts.watches.close()
    this.#parts.newerVersions.clear()
    this.#chain.close()
    await Promise.all([this.#parts.receipts?.close(), ...this.#parts.legs.all.map((leg) => leg.close())])
  }

  #use<T>(
    key: string,
    options: WithSecretOptions,
    use: (version: SecretVersion) => Promise<T>,
    isUsable: (version: SecretVersion) => Promise<boolean> | boolean = () => true,
  ): Promise<T> {
    const read = async (ref: SecretRef, call: CallOptions): Promise<SecretVersion> =>
      // That there is no such stage is no news.
      (await this.read(ref, { ...call, required: true, quiet: ref.stage !== undefined })).version
    return withSecret({ ...this.#parts, key, options, use, isUsable, read })
  }

  #many<const Key extends string>(
    keys: readonly Key[],
    options: GetSecretOptions,
    taking: (reading: Reading) => Reading,
  ): Promise<ManySecrets<Key>> {
    this.#assertOpen()
    const call = { ...callOf(options), strict: options.strict ?? this.#strict, required: true as const }
    return readMany(keys, async (key) => taking(await this.read({ id: key }, call)), options.signal)
  }

  #peek(key: string): Reading | undefined {
    // Programs without types give other things; `read` says so.
    const reading = typeof key === 'string' ? this.#chain.peek({ id: key }) : undefined
    return reading && this.#given(reading)
  }

  /** The program is given this, and uses it as far as anybody here can tell. */
  #given(reading: Reading): Reading {
    this.#parts.receipts?.used(reading.version)
    return reading
  }

  #assertOpen(): void {
    if (this.#closed) throw new SecretsError('closed', 'This secrets manager is closed.')
  }

  async #read(key: string, hasDefault: boolean, options: GetSecretOptions = {}): Promise<Reading | undefined> {
    const strict = options.strict ?? this.#strict
    const reading = await this.#readLive({ id: key }, { ...callOf(options), strict, hasDefault })
    return reading && this.#given(reading)
  }

  /** The cache's own reading, where there is one: what it holds may be another version in a moment. */
  async #readLive(ref: SecretRef, call: ChainCall): Promise<Reading | undefined> {
    this.#assertOpen()
    assertKey(ref.id)
    const reading = await this.#chain.read(ref, call)
    // Sources that were closed meanwhile have nothing to give, which is not that there is none.
    if (!reading) this.#assertOpen()
    return reading
  }
}

/** A cache's own reading goes on to hold the next version; the caller's stays as it was given. */
const snapshot = ({ version, source, confirmedAtMs, freshUntilMs, generation, failure }: Reading): Reading =>
  Object.freeze({ version, source, confirmedAtMs, freshUntilMs, generation, ...(failure && { failure }) })

/** What is under way, if anything: a source that fails at once must not keep the others from it. */
const refreshed = (leg: Leg): Promise<void> | undefined => {
  try {
    return leg.ready?.refresh() ?? undefined
  } catch (thrown) {
    return Promise.reject(toSecretsError(thrown))
  }
}

/** Nothing for bytes that are no text. */
const textIfAny = ({ value }: SecretVersion): string | undefined => {
  try {
    return revealText(value)
  } catch {
    return undefined
  }
}

const callOf = ({ signal }: { readonly signal?: AbortSignal | undefined }): CallOptions => (signal ? { signal } : {})
