import type { Clock } from '@keyplane/core'
import type { Entries, EntriesListener } from '../src/shared-cache/entries.ts'
import { momentOf } from '../src/shared-cache/moment.ts'

interface Held {
  readonly bytes: Uint8Array
  readonly untilMs: number
}

/** Entries in this process's memory, for tests: what opens it twice is two processes. */
export class MemoryEntries implements Entries {
  readonly #clock: Clock
  readonly held: Map<string, Held> = new Map()
  readonly #listeners = new Set<EntriesListener>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const found = this.held.get(key)
    return found && this.#clock.nowMs() < found.untilMs ? found.bytes : undefined
  }

  async set(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    this.held.set(key, { bytes, untilMs: this.#clock.nowMs() + ttlMs })
  }

  async setIfAbsent(
    key: string,
    bytes: Uint8Array,
    ttlMs: number = Number.POSITIVE_INFINITY,
  ): Promise<Uint8Array | undefined> {
    const there = await this.get(key)
    if (!there) await this.set(key, bytes, ttlMs)
    return there
  }

  async setUnlessYounger(key: string, bytes: Uint8Array, ttlMs: number): Promise<Uint8Array | undefined> {
    const nowMs = this.#clock.nowMs()
    const there = await this.get(key)
    const [old, own] = [there && momentOf(there, nowMs), momentOf(bytes, nowMs)]
    if (old !== undefined && own !== undefined && old > own) return undefined
    await this.set(key, bytes, ttlMs)
    return there
  }

  async remove(key: string): Promise<void> {
    this.held.delete(key)
  }

  async publish(message: string): Promise<void> {
    for (const { onMessage } of this.#listeners) onMessage(message)
  }

  subscribe(listener: EntriesListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {}
}
