import {
  type CallOptions,
  type Change,
  type Reading,
  revealText,
  type SecretRef,
  SecretsError,
  systemClock,
} from '@keyplane/core'
import { Chain, type ChainCall } from './chain/chain.ts'
import type { Explanation } from './chain/explanation.ts'
import { Reports } from './chain/reports.ts'
import type { ReadCounts } from './chain/tally.ts'
import { readSettings, stderrLog } from './config.ts'
import { legsOf } from './legs-of.ts'
import type { SecretsManagerOptions } from './manager-options.ts'
import { parsedJson } from './parsed-json.ts'
import type { StandardSchema } from './standard-schema.ts'

export interface GetSecretOptions {
  readonly strict?: boolean
  readonly signal?: AbortSignal
}

export interface GetSecretJsonOptions<T> extends GetSecretOptions {
  /** Says what the document must be; without one it must be an object. */
  readonly schema?: StandardSchema<T>
}

/** A program's secrets: sources in order, each behind its own cache. */
export class SecretsManager {
  readonly #chain: Chain
  readonly #reports: Reports
  readonly #strict: boolean
  #closed = false

  /** @throws SecretsError `config_invalid`, with every problem in one message. */
  constructor(options: SecretsManagerOptions = {}) {
    const settings = readSettings(options.env)
    this.#reports = new Reports(options.log ?? stderrLog)
    this.#strict = options.strict ?? settings.strict
    this.#chain = new Chain(legsOf(options, settings), this.#reports, options.clock ?? systemClock)
  }

  /**
   * The secret's current text, or the default where no source has it.
   * @throws SecretsError `invalid_request` for bytes that are no text; when strict, for what is no absence.
   */
  getSecret(key: string, fallback: string, options?: GetSecretOptions): Promise<string>
  getSecret(key: string, fallback?: string, options?: GetSecretOptions): Promise<string | undefined>
  getSecret(key: string, fallback?: string, options?: GetSecretOptions): Promise<string | undefined> {
    // A cached answer costs no call frame of an async function.
    const cached = this.#chain.peek({ id: key })
    if (cached?.version.value.kind === 'text') return Promise.resolve(cached.version.value.reveal())
    return this.#read(key, fallback !== undefined, options).then((reading) =>
      reading ? revealText(reading.version.value) : fallback,
    )
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
    const reading = this.#chain.peek({ id: key }) ?? (await this.#read(key, fallback !== undefined, options))
    if (!reading) return fallback
    const document = parsedJson(reading.version)
    if (!document.ok) return this.#unusable(key, reading, 'is not valid JSON')
    if (options.schema) return this.#validated(key, reading, document.value, options.schema)
    if (!isObject(document.value)) return this.#unusable(key, reading, 'is not a JSON object')
    return document.value as T
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
    await Promise.all(this.#chain.legs.map(async (leg) => leg.ready?.refresh()))
  }

  /** A cached, fresh answer of the first source; no I/O. */
  peek(ref: SecretRef): Reading | undefined {
    return this.#chain.peek(ref)
  }

  /**
   * The first source's reading, with version, labels and age; nothing where no source has it.
   * @throws SecretsError when strict, for what is no absence.
   */
  read(ref: SecretRef, call: ChainCall & { readonly required: true }): Promise<Reading>
  read(ref: SecretRef, call?: ChainCall): Promise<Reading | undefined>
  async read(ref: SecretRef, call: ChainCall = {}): Promise<Reading | undefined> {
    this.#assertOpen()
    return this.#chain.read(ref, { strict: this.#strict, ...call })
  }

  /** Where a secret comes from, how old it is, and why the sources before that one did not give it. Never its value. */
  async explain(key: string): Promise<Explanation> {
    this.#assertOpen()
    return this.#chain.explain({ id: key })
  }

  /** Reads of each source by outcome since the start: hits, asked, absent, denied, unreachable, broken, unusable. */
  metrics(): Readonly<Record<string, ReadCounts>> {
    return this.#chain.counts
  }

  /** Tells the caches what changed at a source. */
  invalidate(change: Change): void {
    for (const leg of this.#chain.legs) leg.ready?.reader.invalidate(change)
  }

  /** Drops what is cached and ends what the sources hold open. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#chain.legs.map((leg) => leg.close()))
  }

  #assertOpen(): void {
    if (this.#closed) throw new SecretsError('closed', 'This secrets manager is closed.')
  }

  async #read(key: string, hasDefault: boolean, options: GetSecretOptions = {}): Promise<Reading | undefined> {
    if (key === '') throw new SecretsError('invalid_request', 'A secret’s key is empty.')
    const strict = options.strict ?? this.#strict
    return this.read({ id: key }, { ...callOf(options), strict, hasDefault })
  }

  async #validated<T>(
    key: string,
    reading: Reading,
    value: unknown,
    schema: StandardSchema<T>,
  ): Promise<T | undefined> {
    // What a schema says or throws may quote the value.
    const result = await Promise.resolve()
      .then(() => schema['~standard'].validate(value))
      .catch(() => ({ issues: [] }))
    return result.issues ? this.#unusable(key, reading, 'does not fit its schema') : result.value
  }

  #unusable(key: string, { source }: Reading, why: string): undefined {
    this.#reports.unusable(`The secret ${JSON.stringify(key)} of ${source} ${why}.`, key, source)
  }
}

const callOf = ({ signal }: GetSecretOptions): CallOptions => (signal ? { signal } : {})

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
