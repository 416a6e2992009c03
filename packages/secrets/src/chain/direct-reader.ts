import {
  type Clock,
  type Outcome,
  type Reading,
  type SecretProvider,
  type SecretReader,
  type SecretRef,
  SecretsError,
  type SecretVersion,
  toSecretsError,
} from '@keyplane/core'
import { cacheKey } from '../cache/cache-key.ts'
import { checkedVersion } from '../cache/checked-version.ts'

/** What callers who cannot wait may ask for again. */
const maxRemembered = 1_000

/**
 * A reader over a local source: nothing is kept, so each answer is as old as the question. Of a source that cannot
 * answer at once the last answers are remembered, for `recall` alone.
 */
export class DirectReader implements SecretReader {
  readonly #provider: SecretProvider
  readonly #clock: Clock
  readonly #remembered = new Map<string, Outcome<Reading>>()

  constructor(provider: SecretProvider, clock: Clock) {
    this.#provider = provider
    this.#clock = clock
  }

  peek(ref: SecretRef): Reading | undefined {
    if (!this.#provider.getSync) return undefined
    try {
      const version = this.#provider.getSync(ref)
      return version && this.#reading(version)
    } catch {
      // `read` tells why.
      return undefined
    }
  }

  recall(ref: SecretRef): Outcome<Reading> | undefined {
    if (this.#provider.getSync) return this.#atOnce(ref)
    const last = this.#remembered.get(cacheKey(ref))
    if (last) void this.read(ref).catch(() => {})
    return last
  }

  async read(ref: SecretRef, call?: Parameters<SecretProvider['get']>[1]): Promise<Reading> {
    try {
      const reading = this.#reading(await this.#provider.get(ref, call))
      this.#remember(ref, { ok: true, value: reading })
      return reading
    } catch (thrown) {
      if (!call?.signal?.aborted) this.#remember(ref, { ok: false, error: toSecretsError(thrown) })
      throw thrown
    }
  }

  invalidate(): void {}

  /** Forgets the answers that are remembered. */
  clear(): void {
    this.#remembered.clear()
  }

  #atOnce(ref: SecretRef): Outcome<Reading> {
    const source = this.#provider.name
    try {
      const version = this.#provider.getSync?.(ref)
      if (version) return { ok: true, value: this.#reading(version) }
      const absent = `There is no secret ${JSON.stringify(ref.id)} in ${source}.`
      return { ok: false, error: new SecretsError('secret_not_found', absent, { source }) }
    } catch (thrown) {
      return { ok: false, error: toSecretsError(thrown) }
    }
  }

  #remember(ref: SecretRef, outcome: Outcome<Reading>): void {
    if (this.#provider.getSync) return
    const key = cacheKey(ref)
    this.#remembered.delete(key)
    this.#remembered.set(key, outcome)
    if (this.#remembered.size > maxRemembered) this.#remembered.delete(this.#remembered.keys().next().value as string)
  }

  #reading(given: SecretVersion): Reading {
    const nowMs = this.#clock.recentMs()
    const version = checkedVersion(given, this.#provider.name)
    return { version, source: this.#provider.name, confirmedAtMs: nowMs, freshUntilMs: nowMs, generation: 1 }
  }
}
