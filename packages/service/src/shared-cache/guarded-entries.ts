import { type Clock, SecretsError, type Timer } from '@keyplane/core'
import type { Entries } from './entries.ts'

export interface GuardOptions {
  readonly clock: Clock
  /** Bound of a call, in milliseconds. Default 100. */
  readonly timeoutMs?: number
  /** Between two looks whether it is there again, in milliseconds. Default 1,000. */
  readonly probeEveryMs?: number
  /** Told when it goes and when it is there again. */
  readonly onState: (isThere: boolean, why: string) => void
}

/**
 * Entries that cost their callers little where they are gone: one call that ends after its time, and from then on nothing,
 * until a look from behind finds that they answer.
 */
export class GuardedEntries implements Entries {
  readonly #entries: Entries
  readonly #options: Required<GuardOptions>
  #isThere = true
  #closed = false

  constructor(entries: Entries, { timeoutMs = 100, probeEveryMs = 1_000, ...options }: GuardOptions) {
    this.#entries = entries
    this.#options = { ...options, timeoutMs, probeEveryMs }
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#run(() => this.#entries.get(key))
  }

  set(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    return this.#run(() => this.#entries.set(key, bytes, ttlMs))
  }

  setIfAbsent(key: string, bytes: Uint8Array, ttlMs?: number): Promise<Uint8Array | undefined> {
    return this.#run(() => this.#entries.setIfAbsent(key, bytes, ttlMs))
  }

  setUnlessYounger(key: string, bytes: Uint8Array, ttlMs: number): Promise<Uint8Array | undefined> {
    return this.#run(() => this.#entries.setUnlessYounger(key, bytes, ttlMs))
  }

  remove(key: string): Promise<void> {
    return this.#run(() => this.#entries.remove(key))
  }

  publish(message: string): Promise<void> {
    return this.#run(() => this.#entries.publish(message))
  }

  subscribe(listener: Parameters<Entries['subscribe']>[0]): () => void {
    return this.#entries.subscribe(listener)
  }

  close(): void {
    this.#closed = true
    this.#entries.close()
  }

  async #run<T>(act: () => Promise<T>): Promise<T> {
    if (!this.#isThere) throw gone('it did not answer a moment ago')
    try {
      return await this.#inTime(act)
    } catch (thrown) {
      if (thrown instanceof SecretsError && thrown.code === 'unavailable') this.#lost(thrown)
      throw thrown
    }
  }

  #inTime<T>(act: () => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options
    return new Promise<T>((resolve, reject) => {
      const late = (): void => reject(gone(`no answer in ${timeoutMs} ms`))
      // What came while this process was busy itself is taken first.
      const timer: Timer = clock.after(timeoutMs, () => void setImmediate(late))
      act()
        .then(resolve, reject)
        .finally(() => timer.cancel())
    })
  }

  #lost({ message }: SecretsError): void {
    if (!this.#isThere || this.#closed) return
    this.#isThere = false
    this.#options.onState(false, message)
    this.#probeLater()
  }

  #found(): void {
    this.#isThere = true
    this.#options.onState(true, '')
  }

  #probeLater(): void {
    const { clock, probeEveryMs } = this.#options
    clock.after(probeEveryMs, () => {
      if (this.#closed) return
      // By a write: what can only be read is not back.
      this.#inTime(() => this.#entries.set('probe', new Uint8Array(), probeEveryMs)).then(
        () => this.#found(),
        ({ code }: SecretsError) => (code === 'unavailable' ? this.#probeLater() : this.#found()),
      )
    })
  }
}

const gone = (why: string): SecretsError =>
  new SecretsError('unavailable', `The shared cache is not there: ${why}.`, { source: 'redis' })
