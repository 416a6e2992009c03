import { type CallOptions, SecretsError, type SecretProvider, type SecretVersion, TextValue } from '@keyplane/core'

/** How a source fares: it answers, has none, refuses, its login ran out, is gone, is not set up, or takes calls and never answers. */
export type SourceState = 'answers' | 'absent' | 'denies' | 'expired' | 'down' | 'unset' | 'hangs'

const codes = {
  absent: 'secret_not_found',
  denies: 'access_denied',
  expired: 'unauthenticated',
  down: 'unavailable',
  unset: 'config_invalid',
} as const

/** A source elsewhere, which the library caches, and which fares as it is told to. */
export class RemoteSource implements SecretProvider {
  readonly name: string
  readonly reads: string[] = []
  fares: SourceState = 'answers'
  /** Reads under way, and the most there were. */
  busy = 0
  busiest = 0
  closed = false
  readonly #values: Readonly<Record<string, string>>

  constructor(name: string, values: Readonly<Record<string, string>>) {
    this.name = name
    this.#values = values
  }

  async get({ id }: { readonly id: string }, { signal }: CallOptions = {}): Promise<SecretVersion> {
    this.reads.push(id)
    this.busy += 1
    this.busiest = Math.max(this.busiest, this.busy)
    try {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.fares === 'hangs')
        await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
      const value = this.#values[id]
      const state = value === undefined ? 'absent' : this.fares
      if (state !== 'answers' && state !== 'hangs')
        throw new SecretsError(codes[state], `${this.name}: ${state}`, {
          source: this.name,
          ...(state === 'expired' && { reason: 'expired_token' }),
        })
      return Object.freeze({ id, version: '1', value: new TextValue(value ?? '') })
    } finally {
      this.busy -= 1
    }
  }

  async close(): Promise<void> {
    this.closed = true
  }
}
