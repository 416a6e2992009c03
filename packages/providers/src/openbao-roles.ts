import { createHash } from 'node:crypto'
import {
  type CallOptions,
  type Clock,
  type Lease,
  type LeaseKeeper,
  type SecretRef,
  SecretsError,
  type SecretVersion,
} from '@keyplane/core'
import {
  type KvCall,
  type LeaseTerm,
  leases,
  type Leases,
  type LeasesOptions,
  type TokenLife,
  valueOfFields,
} from '@keyplane/openbao'

export interface OpenBaoRolesParts extends Pick<LeasesOptions, 'client'> {
  /** `MOUNT/ROLE` each. */
  readonly ids: Iterable<string>
  readonly clock: Clock
  /** Refuses after `close`, and gives the call's limits. */
  readonly begin: (call?: CallOptions, ref?: SecretRef) => KvCall
}

/** What OpenBao has to be told of a lease. It stays here: who has the id may end what others use. */
interface Kept {
  readonly leaseId: string
  readonly login: TokenLife
  /** As long as the role makes them. */
  readonly durationMs: number
  /** When OpenBao was asked for this life of it, on the clock's monotonic scale: it begins before the answer is here. */
  readonly askedAtMs: number
}

const source = 'openbao'

/** The secrets that OpenBao makes: a role's credential, another one at each read, with the lease that it hangs on. */
export class OpenBaoRoles implements LeaseKeeper {
  readonly #parts: OpenBaoRolesParts
  readonly #ids: ReadonlySet<string>
  readonly #leases: Leases
  readonly #kept = new Map<string, Kept & { endsAtMs: number }>()

  constructor(parts: OpenBaoRolesParts) {
    this.#parts = parts
    this.#ids = new Set(parts.ids)
    this.#leases = leases({ client: parts.client, source })
  }

  get isEmpty(): boolean {
    return this.#ids.size === 0
  }

  isLeased({ id }: SecretRef): boolean {
    return this.#ids.has(id)
  }

  /** @throws SecretsError `version_not_found` for any but the current credential. */
  async get(ref: SecretRef, limits: KvCall): Promise<SecretVersion> {
    const { id, version, stage = 'current' } = ref
    if (version !== undefined || stage !== 'current')
      throw new SecretsError('version_not_found', `${JSON.stringify(id)} is made anew at each read.`, { source })
    const askedAtMs = this.#parts.clock.monotonicMs()
    const { leaseId, login, fields, requestId, ...term } = await this.#leases.issue(id, limits)
    // The same for the same lease, and nobody's way to it.
    const name = createHash('sha256').update(leaseId).digest('hex').slice(0, 16)
    this.#forgetEnded()
    return Object.freeze({
      id,
      name: id,
      version: name,
      stages: Object.freeze(['current' as const]),
      createdAtMs: this.#parts.clock.nowMs(),
      value: valueOfFields(fields.reveal()),
      lease: this.#noted(name, { leaseId, login, durationMs: term.durationMs, askedAtMs }, term),
      ...(requestId === undefined ? {} : { attributes: Object.freeze({ 'openbao.requestId': requestId }) }),
    })
  }

  async renew({ id }: Lease, call?: CallOptions): Promise<Lease> {
    const kept = { ...this.#known(id), askedAtMs: this.#parts.clock.monotonicMs() }
    const term = await this.#leases.renew(kept.leaseId, kept.durationMs, this.#parts.begin(call))
    return this.#noted(id, kept, term)
  }

  async revoke({ id }: Lease, call?: CallOptions): Promise<void> {
    const kept = this.#kept.get(id)
    if (!kept) return
    await this.#leases.revoke(kept.leaseId, this.#parts.begin(call))
    this.#kept.delete(id)
  }

  loginLeftMs({ id }: Lease): number {
    return (this.#kept.get(id)?.login.endsAtMs() ?? Number.NEGATIVE_INFINITY) - this.#parts.clock.monotonicMs()
  }

  #noted(id: string, kept: Kept, { durationMs, renewable }: LeaseTerm): Lease {
    const { clock } = this.#parts
    // What it gives less than was asked for is what is left of the longest life. It rounds that up to seconds, and takes
    // nothing back of the life before.
    const isLast = durationMs < kept.durationMs
    const before = this.#kept.get(id)?.endsAtMs ?? 0
    const endsAtMs = isLast ? Math.max(before, kept.askedAtMs + durationMs - 1_000) : kept.askedAtMs + durationMs
    this.#kept.set(id, { ...kept, endsAtMs })
    const expiresAtMs = Math.floor(clock.nowMs() + endsAtMs - clock.monotonicMs())
    return Object.freeze({ id, renewable, expiresAtMs, ...(isLast ? { maxExpiresAtMs: expiresAtMs } : {}) })
  }

  #known(id: string): Kept {
    const kept = this.#kept.get(id)
    if (kept) return kept
    throw new SecretsError('secret_not_found', 'There is no such lease.', { source, reason: 'lease_gone' })
  }

  #forgetEnded(): void {
    const nowMs = this.#parts.clock.monotonicMs()
    for (const [id, { endsAtMs }] of this.#kept) if (endsAtMs < nowMs) this.#kept.delete(id)
  }
}
