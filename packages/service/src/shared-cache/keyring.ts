import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { type Clock, type Random, SecretsError, toSecretsError } from '@keyplane/core'
import type { RootKey } from '@keyplane/sealing'
import type { Entries } from './entries.ts'

export interface KeyringOptions {
  readonly entries: Entries
  readonly rootKey: RootKey
  readonly clock: Clock
  readonly random: Random
  /** How long a data key is kept after its last record may have been sealed, in milliseconds. */
  readonly keepMs: number
  /** Sealed with one data key at most. Default 2^24: with random nonces 2^32 is the bound of a key. */
  readonly mostRecords?: number
  /** Told of what keeps the cache cold. */
  readonly onProblem: (problem: string) => void
}

export interface DataKey {
  /** 16 hexadecimal digits. */
  readonly id: string
  readonly key: KeyObject
}

interface OwnKey extends DataKey {
  readonly wrapped: Uint8Array
  readonly madeAtMs: number
  sealed: number
}

/** What is read of another replica's key: nothing, for this long, where it can't be had. */
interface OthersKey {
  readonly key: Promise<KeyObject | undefined>
  readonly untilMs: number
}

const hour = 3_600_000
const keyBytes = 32
/** A new data key is made from this age on, and nothing is sealed with one of a day, even where no new one can be made. */
const renewAtMs = 20 * hour
const endAtMs = 24 * hour
const defaultMostRecords = 2 ** 24
const missingForMs = 30_000
const mostOthers = 1_000
/** A key of another replica is unwrapped once; a reader waits no longer for it. */
const patienceMs = 500

const idOfNames = 'names'
const entryOf = (id: string): string => `key:${id}`

/**
 * The keys of a shared cache: one for records of this replica and day, those of the other replicas, and the one by which
 * all of them name records. They lie beside the records, each wrapped by the root key. A key that is lost is a cold cache.
 */
export class Keyring {
  readonly #options: KeyringOptions
  #own: OwnKey | undefined
  #names: { readonly key: KeyObject; readonly wrapped: Uint8Array } | undefined
  readonly #others = new Map<string, OthersKey>()
  #upkeep: Promise<void> | undefined

  constructor(options: KeyringOptions) {
    this.#options = options
  }

  /** The name of a record, which tells nothing of what it is of; none while the keys are still to be had. */
  nameOf(parts: readonly string[]): string | undefined {
    if (!this.#names) return undefined
    const hmac = createHmac('sha256', this.#names.key)
    for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part)
    return hmac.digest('base64url')
  }

  /** The key to seal one more record with; none while there is none. */
  forSealing(): DataKey | undefined {
    const own = this.#own
    if (!own || own.sealed >= this.#mostRecords || this.#ageOf(own) >= endAtMs) return undefined
    own.sealed += 1
    return own
  }

  /** The key of this id, if it can be had soon. */
  async forOpening(id: string): Promise<KeyObject | undefined> {
    if (id === this.#own?.id) return this.#own.key
    const { clock } = this.#options
    const known = this.#others.get(id)
    const nowMs = clock.monotonicMs()
    if (known && nowMs < known.untilMs) return known.key
    const key = this.#fetch(id)
    this.#others.delete(id)
    this.#others.set(id, { key, untilMs: Number.POSITIVE_INFINITY })
    void key.then((found) => {
      if (!found) this.#others.set(id, { key, untilMs: clock.monotonicMs() + missingForMs })
    })
    const [oldest] = this.#others.keys()
    if (this.#others.size > mostOthers && oldest !== undefined) this.#others.delete(oldest)
    return new Promise((resolve) => {
      const timer = clock.after(patienceMs, () => resolve(undefined))
      void key.then((found) => {
        timer.cancel()
        resolve(found)
      })
    })
  }

  /** Has the keys that are missing made or found, and lets none that is in use be lost with what it lies in. To be called from time to time. */
  upkeep(): Promise<void> {
    this.#upkeep ??= this.#keepUp().finally(() => {
      this.#upkeep = undefined
    })
    return this.#upkeep
  }

  async #keepUp(): Promise<void> {
    try {
      await this.#keepNames()
      await this.#keepOwn()
    } catch (thrown) {
      const { code, message, source } = toSecretsError(thrown)
      // That the cache itself is not there is told already.
      if (code === 'unavailable' && source === 'redis') return
      const advice =
        code === 'integrity' ? ' Another service’s, or of another cacheKey? Give redis.prefix, or remove them.' : ''
      this.#options.onProblem(`The shared cache stays cold: its keys are not to be had. ${message}${advice}`)
    }
  }

  async #keepNames(): Promise<void> {
    const { entries, random } = this.#options
    const known = this.#names
    const made = known ? undefined : random.bytes(keyBytes)
    try {
      const there = await entries.get(entryOf(idOfNames))
      if (there && known && Buffer.compare(there, known.wrapped) === 0) return
      const own = known?.wrapped ?? (made && !there ? await this.#wrap(made, idOfNames) : undefined)
      const before = there ?? (own && (await entries.setIfAbsent(entryOf(idOfNames), own)))
      if (before) this.#names = { key: await this.#unwrap(before, idOfNames), wrapped: before }
      else if (made && own) this.#names = { key: createSecretKey(made), wrapped: own }
    } finally {
      made?.fill(0)
    }
  }

  async #keepOwn(): Promise<void> {
    const { entries, random, clock, keepMs } = this.#options
    const own = this.#own
    if (own) await entries.set(entryOf(own.id), own.wrapped, keepMs)
    if (own && this.#ageOf(own) < renewAtMs && own.sealed < this.#mostRecords / 2) return
    const id = Buffer.from(random.bytes(8)).toString('hex')
    const bytes = random.bytes(keyBytes)
    try {
      const wrapped = await this.#wrap(bytes, id)
      await entries.set(entryOf(id), wrapped, keepMs)
      const key = createSecretKey(bytes)
      if (own) this.#others.set(own.id, { key: Promise.resolve(own.key), untilMs: Number.POSITIVE_INFINITY })
      this.#own = { id, key, wrapped, madeAtMs: clock.monotonicMs(), sealed: 0 }
    } finally {
      bytes.fill(0)
    }
  }

  async #fetch(id: string): Promise<KeyObject | undefined> {
    try {
      const wrapped = await this.#options.entries.get(entryOf(id))
      return wrapped && (await this.#unwrap(wrapped, id))
    } catch (thrown) {
      if (thrown instanceof SecretsError && thrown.code === 'integrity')
        this.#options.onProblem('A data key in the shared cache does not open; its records count as missing.')
      return undefined
    }
  }

  #wrap(bytes: Uint8Array, keyId: string): Promise<Uint8Array> {
    return this.#options.rootKey.wrap(bytes, { purpose: 'cache-key', keyId })
  }

  async #unwrap(wrapped: Uint8Array, keyId: string): Promise<KeyObject> {
    const bytes = await this.#options.rootKey.unwrap(wrapped, { purpose: 'cache-key', keyId })
    try {
      return createSecretKey(bytes)
    } finally {
      bytes.fill(0)
    }
  }

  get #mostRecords(): number {
    return this.#options.mostRecords ?? defaultMostRecords
  }

  #ageOf({ madeAtMs }: OwnKey): number {
    return this.#options.clock.monotonicMs() - madeAtMs
  }
}
