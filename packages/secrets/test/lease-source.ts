import {
  type Clock,
  type Lease,
  type LeaseKeeper,
  SecretsError,
  type SecretProvider,
  type SecretVersion,
  TextValue,
} from '@keyplane/core'

export interface LeaseSourceOptions {
  readonly clock: Clock
  /** How long a lease lasts, when it is made and after each renewal. */
  readonly ttlMs: number
  /** How long it lasts in all. */
  readonly maxTtlMs: number
  readonly renewable?: boolean
  /** How long a call takes. */
  readonly latencyMs?: number
}

interface Made {
  readonly madeAtMs: number
  readonly login: { endsAtMs: number }
  /** How long the one before it went on living. */
  readonly overlapMs: number
  endsAtMs: number
}

type Fault = SecretsError | undefined

/** A source whose secrets are credentials that it makes, on a clock that the test moves. Whatever is in `faults` fails so. */
export class LeaseSource implements SecretProvider {
  readonly name = 'engine'
  readonly faults: { get?: Fault; renew?: Fault; revoke?: Fault } = {}
  readonly made = new Map<string, Made>()
  readonly calls: ('get' | 'renew' | 'revoke')[] = []
  /** By which the next leases are made, and with which they end. */
  login: { endsAtMs: number } = { endsAtMs: Infinity }
  closed = false
  readonly leases: LeaseKeeper
  readonly #options: LeaseSourceOptions

  constructor(options: LeaseSourceOptions) {
    this.#options = options
    this.leases = {
      isLeased: ({ id }) => id.startsWith('role/'),
      renew: (lease) => this.#renew(lease),
      revoke: (lease) => this.#revoke(lease),
      loginLeftMs: ({ id }) => (this.made.get(id)?.login.endsAtMs ?? -Infinity) - options.clock.monotonicMs(),
    }
  }

  /** Credentials that work at this moment. */
  get living(): readonly string[] {
    return [...this.made.keys()].filter((version) => this.leftMs(version) > 0)
  }

  /** How long a credential still works. */
  leftMs(version: string | undefined): number {
    const { endsAtMs, login } = this.made.get(version ?? '') ?? { endsAtMs: -Infinity, login: this.login }
    return Math.min(endsAtMs, login.endsAtMs) - this.#options.clock.monotonicMs()
  }

  /** How often something was asked for. */
  count(kind: 'get' | 'renew' | 'revoke'): number {
    return this.calls.filter((call) => call === kind).length
  }

  async get({ id }: { readonly id: string }): Promise<SecretVersion> {
    await this.#call('get')
    if (!this.leases.isLeased({ id })) return { id, version: '1', value: new TextValue('static') }
    const version = `v${this.made.size + 1}`
    const nowMs = this.#options.clock.monotonicMs()
    const overlapMs = this.leftMs(`v${this.made.size}`)
    this.made.set(version, { madeAtMs: nowMs, endsAtMs: nowMs + this.#options.ttlMs, login: this.login, overlapMs })
    return Object.freeze({ id, version, value: new TextValue(`password of ${version}`), lease: this.#leaseOf(version) })
  }

  async close(): Promise<void> {
    this.closed = true
  }

  async #renew({ id }: Lease): Promise<Lease> {
    await this.#call('renew')
    const made = this.made.get(id)
    const nowMs = this.#options.clock.monotonicMs()
    if (!made || this.leftMs(id) <= 0) throw new SecretsError('secret_not_found', 'gone', { reason: 'lease_gone' })
    const lastMs = made.madeAtMs + this.#options.maxTtlMs
    made.endsAtMs = Math.min(nowMs + this.#options.ttlMs, lastMs)
    const lease = this.#leaseOf(id)
    return made.endsAtMs === lastMs ? { ...lease, maxExpiresAtMs: lease.expiresAtMs } : lease
  }

  async #revoke({ id }: Lease): Promise<void> {
    await this.#call('revoke')
    const made = this.made.get(id)
    if (made) made.endsAtMs = -Infinity
  }

  async #call(kind: 'get' | 'renew' | 'revoke'): Promise<void> {
    const { clock, latencyMs = 0 } = this.#options
    this.calls.push(kind)
    if (latencyMs > 0) await new Promise<void>((resolve) => clock.after(latencyMs, resolve))
    if (this.faults[kind]) throw this.faults[kind]
  }

  #leaseOf(version: string): Lease {
    const { clock, renewable = true } = this.#options
    const expiresAtMs = clock.nowMs() + (this.made.get(version)?.endsAtMs ?? 0) - clock.monotonicMs()
    return Object.freeze({ id: version, renewable, expiresAtMs })
  }
}
