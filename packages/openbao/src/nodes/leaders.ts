import type { Clock } from '@keyplane/core'
import type { NodeClient } from './node-client.ts'

const maxLeaders = 8
const unreachableMs = 60_000

/** Leaders that are none of the configured nodes: connections to the last few, and which of them can't be reached. */
export class Leaders {
  readonly #clock: Clock
  readonly #open: (origin: string) => NodeClient
  readonly #clients = new Map<string, NodeClient>()
  readonly #unreachableUntilMs = new Map<string, number>()
  #closed = false

  constructor(clock: Clock, open: (origin: string) => NodeClient) {
    this.#clock = clock
    this.#open = open
  }

  at(origin: string): NodeClient {
    const known = this.#clients.get(origin)
    if (known) return known
    // Each leader that ever was would keep its connections.
    for (const [other, client] of this.#clients) {
      if (this.#clients.size < maxLeaders) break
      client.close()
      this.#clients.delete(other)
      this.#unreachableUntilMs.delete(other)
    }
    const opened = this.#open(origin)
    if (this.#closed) opened.close()
    this.#clients.set(origin, opened)
    return opened
  }

  noteUnreachable(origin: string): void {
    this.#unreachableUntilMs.set(origin, this.#clock.monotonicMs() + unreachableMs)
  }

  /** Whether it could not be reached from here in the last minute. */
  isUnreachable(origin: string): boolean {
    return (this.#unreachableUntilMs.get(origin) ?? 0) > this.#clock.monotonicMs()
  }

  close(): void {
    this.#closed = true
    for (const client of this.#clients.values()) client.close()
  }
}
