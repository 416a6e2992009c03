import type { Clock, Random, SecretVersion, Timer } from '@keyplane/core'
import { encodeChange } from '@keyplane/protocol'
import type { OpenEnvironment } from '../environments/open-environment.ts'

/** A change as it is told: the tool whose secret it is of, and the event. No value is in it. */
export interface FeedEvent {
  readonly tool: string
  readonly text: string
}

export interface FeedParts {
  readonly clock: Clock
  readonly random: Random
}

const maxKept = 1_024
/** After its last reader, so that one who comes back has missed nothing. */
const lingerMs = 300_000

/**
 * The changes of an environment's secrets, the last thousand kept for who comes back. The sources are asked for changes only
 * while somebody listens, and a little longer.
 */
export class ChangeFeed {
  readonly #environment: OpenEnvironment
  readonly #parts: FeedParts
  readonly #listeners = new Set<(event: FeedEvent) => void>()
  #kept: FeedEvent[] = []
  #told = 0
  /** Other events have other ids: those of another replica, or from before a pause. */
  #epoch = ''
  #ends: readonly (() => void)[] = []
  #linger: Timer | undefined

  constructor(environment: OpenEnvironment, parts: FeedParts) {
    this.#environment = environment
    this.#parts = parts
  }

  /** The id of the last event. */
  get lastId(): string {
    return `${this.#epoch}.${this.#told}`
  }

  /** @returns what ends it. */
  listen(listener: (event: FeedEvent) => void): () => void {
    this.#linger?.cancel()
    if (this.#ends.length === 0) this.#begin()
    this.#listeners.add(listener)
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return
      this.#linger = this.#parts.clock.after(lingerMs, () => this.close())
    }
  }

  /** What came after the event of this id; nothing where that is not known. */
  since(id: string): readonly FeedEvent[] | undefined {
    const [epoch, number = ''] = id.split('.')
    const missed = /^\d{1,15}$/.test(number) && epoch === this.#epoch ? this.#told - Number(number) : -1
    if (missed < 0 || missed > this.#kept.length) return undefined
    return this.#kept.slice(this.#kept.length - missed)
  }

  close(): void {
    this.#linger?.cancel()
    for (const end of this.#ends) end()
    this.#ends = []
    this.#kept = []
  }

  #begin(): void {
    this.#epoch = Buffer.from(this.#parts.random.bytes(6)).toString('base64url')
    this.#told = 0
    const { config, secrets } = this.#environment
    const users = new Map<string, { readonly tool: string; readonly secret: string }[]>()
    // A look at what is leased would keep a credential alive that nobody asks for.
    for (const [tool, { secrets: named }] of config.tools)
      for (const [secret, { ref, dynamic }] of named)
        if (!dynamic) users.set(ref, [...(users.get(ref) ?? []), { tool, secret }])
    this.#ends = [...users].map(([ref, of]) =>
      secrets.onChange(ref, (_text, { version }) => {
        for (const each of of) this.#tell(each, version)
      }),
    )
  }

  #tell({ tool, secret }: { readonly tool: string; readonly secret: string }, now: SecretVersion | undefined): void {
    this.#told += 1
    const kind = now ? 'changed' : 'deleted'
    const version = now?.version === undefined ? {} : { versionId: now.version }
    const event = { tool, text: encodeChange({ kind, tool, secret, ...version }, this.lastId) }
    this.#kept.push(event)
    if (this.#kept.length > maxKept) this.#kept.shift()
    for (const listener of this.#listeners) listener(event)
  }
}
