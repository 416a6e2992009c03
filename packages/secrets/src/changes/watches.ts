import type { Change, Clock, Random, Reading, SecretVersion, Timer } from '@keyplane/core'
import { sameVersion } from '../same-version.ts'

/** Told of a key's new version; nothing where the secret is gone. */
export type Listener = (now: SecretVersion | undefined, before: SecretVersion | undefined) => void

export interface WatchesOptions {
  /** What the sources say of a key, no older than that. */
  readonly read: (key: string, maxAgeMs: number) => Promise<Reading | undefined>
  /** Between two looks at what no source pushes. */
  readonly pollEveryMs: number
  readonly clock: Clock
  readonly random: Random
  /** Told of what a listener throws. */
  readonly onError: (key: string) => void
}

interface Watched {
  readonly listeners: Set<Listener>
  version: SecretVersion | undefined
  /** The first look tells what there is; there is nothing to compare it with. */
  known: boolean
  /** Looks begun, and the last of them that has come back: an older answer is no news. */
  begun: number
  landed: number
}

/** Looks at the keys that somebody listens to: when a source says that they changed, and from time to time. */
export class Watches {
  readonly #options: WatchesOptions
  readonly #watched = new Map<string, Watched>()
  #timer: Timer | undefined
  #closed = false
  readonly #atEnd = new Set<() => void>()

  constructor(options: WatchesOptions) {
    this.#options = options
  }

  /** All watching is over. */
  get closed(): boolean {
    return this.#closed
  }

  /** Calls `act` when all watching is over. @returns what takes that back. */
  atEnd(act: () => void): () => void {
    this.#atEnd.add(act)
    return () => this.#atEnd.delete(act)
  }

  /** @returns what ends it. */
  add(key: string, listener: Listener): () => void {
    const watched = this.#watched.get(key) ?? {
      listeners: new Set(),
      version: undefined,
      known: false,
      begun: 0,
      landed: 0,
    }
    watched.listeners.add(listener)
    this.#watched.set(key, watched)
    if (!watched.known) void this.#look(key, watched, Number.POSITIVE_INFINITY)
    this.#schedule()
    return () => {
      watched.listeners.delete(listener)
      if (watched.listeners.size === 0 && this.#watched.get(key) === watched) this.#watched.delete(key)
      if (this.#watched.size === 0) this.#stop()
    }
  }

  /** A source said that something changed. */
  tell(change: Change): void {
    for (const [key, watched] of this.#watched) {
      const { id, name } = watched.version ?? {}
      if (change.kind === 'resync' || change.id === key || change.id === id || change.id === name)
        void this.#look(key, watched, 0)
    }
  }

  close(): void {
    this.#closed = true
    for (const act of this.#atEnd) act()
    this.#watched.clear()
    this.#stop()
  }

  #stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #schedule(): void {
    if (this.#timer || this.#closed || this.#watched.size === 0) return
    const { clock, random, pollEveryMs } = this.#options
    // A fleet that started together does not ask together.
    this.#timer = clock.after(pollEveryMs * (0.9 + random.unit() * 0.2), () => {
      this.#timer = undefined
      for (const [key, watched] of this.#watched) void this.#look(key, watched, pollEveryMs / 2)
      this.#schedule()
    })
  }

  async #look(key: string, watched: Watched, maxAgeMs: number): Promise<void> {
    watched.begun += 1
    const look = watched.begun
    let version: SecretVersion | undefined
    try {
      version = (await this.#options.read(key, maxAgeMs))?.version
    } catch {
      // Not to be had for now is no change.
      return
    }
    if (look < watched.landed) return
    watched.landed = look
    const before = watched.version
    const isNews = watched.known && !isSame(before, version)
    watched.version = version
    watched.known = true
    if (!isNews || this.#closed) return
    for (const listener of watched.listeners) this.#notify(key, listener, version, before)
  }

  #notify(
    key: string,
    listener: Listener,
    version: SecretVersion | undefined,
    before: SecretVersion | undefined,
  ): void {
    Promise.resolve()
      .then(() => (this.#watched.get(key)?.listeners.has(listener) ? listener(version, before) : undefined))
      // What it throws may quote the value.
      .catch(() => this.#options.onError(key))
  }
}

const isSame = (a: SecretVersion | undefined, b: SecretVersion | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && sameVersion(a, b))
