import { SecretsError } from '@keyplane/core'
import type { OpenBaoAnswer } from '../answer.ts'
import type { OpenBaoCall, OpenBaoClient } from '../client-contract.ts'
import { KvFields } from '../kv/types.ts'
import { encodePath } from '../kv/path.ts'
import { ttlMsOf } from '../logins/granted.ts'
import type { TokenLife } from '../token-keeper.ts'

export interface LeasesOptions {
  readonly client: Pick<OpenBaoClient, 'call' | 'leased'>
  /** The provider's name, for errors. Default `openbao`. */
  readonly source?: string
}

type Call = Pick<OpenBaoCall, 'signal' | 'deadlineAtMs'>

/** How a lease stands after OpenBao's answer, in milliseconds from that moment. */
export interface LeaseTerm {
  readonly durationMs: number
  readonly renewable: boolean
}

/** A credential that OpenBao has just made. */
export interface IssuedCredential extends LeaseTerm {
  /** Whoever has it and a token can renew or revoke the lease. */
  readonly leaseId: string
  readonly fields: KvFields
  readonly requestId: string | undefined
  /** The lease ends with it. */
  readonly login: TokenLife
}

/** Credentials that a secrets engine makes, and what holds them: database users and the like. */
export interface Leases {
  /**
   * Has a role's next credential made: `database/app-ro` is `GET database/creds/app-ro`. It is asked for once, at one node:
   * each call makes another one. @throws SecretsError `secret_not_found` where there is no such role.
   */
  issue(role: string, call?: Call): Promise<IssuedCredential>
  /** Asks for so long a life from this moment on; the engine's `max_ttl` gives less. @throws SecretsError `secret_not_found`, reason `lease_gone`. */
  renew(leaseId: string, durationMs: number, call?: Call): Promise<LeaseTerm>
  /** Ends a lease and what it is for, at once; where that does not answer, OpenBao goes on trying behind the error. */
  revoke(leaseId: string, call?: Call): Promise<void>
}

class EngineLeases implements Leases {
  readonly #client: LeasesOptions['client']
  readonly #source: string

  constructor({ client, source = 'openbao' }: LeasesOptions) {
    this.#client = client
    this.#source = source
  }

  async issue(role: string, call: Call = {}): Promise<IssuedCredential> {
    const { answer, login } = await this.#issued(role, call)
    const [leaseId, data] = [answer.member('lease_id'), answer.member('data')]
    if (typeof leaseId !== 'string' || leaseId === '' || typeof data !== 'object' || data === null)
      throw this.#malformed('has no lease: the role makes no credentials of its own')
    const fields = new KvFields(data as Readonly<Record<string, unknown>>)
    return { ...this.#termOf(answer), leaseId, fields, requestId: answer.requestId, login }
  }

  async renew(leaseId: string, durationMs: number, call: Call = {}): Promise<LeaseTerm> {
    const body = { lease_id: leaseId, increment: Math.ceil(durationMs / 1_000) }
    return this.#termOf(await this.#client.call({ method: 'POST', path: 'sys/leases/renew', body, ...call }))
  }

  async revoke(leaseId: string, call: Call = {}): Promise<void> {
    const revoked = (sync: boolean): Promise<unknown> =>
      this.#client.call({ method: 'POST', path: 'sys/leases/revoke', body: { lease_id: leaseId, sync }, ...call })
    try {
      await revoked(true)
    } catch (thrown) {
      const { reason } = thrown as SecretsError
      if (reason === 'lease_gone') return
      // Put into OpenBao's own queue, which tries again for a while.
      if (reason === 'lease_backend') await revoked(false)
      throw thrown
    }
  }

  async #issued(role: string, call: Call): ReturnType<OpenBaoClient['leased']> {
    try {
      return await this.#client.leased({ method: 'GET', path: this.#pathOf(role), repeatable: false, ...call })
    } catch (thrown) {
      const isUnknown = thrown instanceof SecretsError && /^unknown role\b/.test(thrown.upstream?.message ?? '')
      if (!isUnknown) throw thrown
      const message = `${JSON.stringify(role)}: the engine has no such role.`
      throw new SecretsError('secret_not_found', message, { source: this.#source, reason: 'no_role', cause: thrown })
    }
  }

  #termOf(answer: OpenBaoAnswer): LeaseTerm {
    const durationMs = ttlMsOf(answer.member('lease_duration'))
    if (durationMs === undefined) throw this.#malformed('does not say how long its lease lasts')
    return { durationMs, renewable: answer.member('renewable') === true }
  }

  /** A mount may have slashes, a role has none. */
  #pathOf(role: string): string {
    const at = role.lastIndexOf('/')
    if (at > 0)
      return `${encodePath(role.slice(0, at), this.#source)}/creds/${encodePath(role.slice(at + 1), this.#source)}`
    throw new SecretsError('invalid_request', `${JSON.stringify(role)} is no role of an engine: it is MOUNT/ROLE.`, {
      source: this.#source,
    })
  }

  #malformed(what: string): SecretsError {
    return new SecretsError('bad_response', `OpenBao's answer ${what}.`, { source: this.#source })
  }
}

/** The leases of an OpenBao. Calls throw what the client throws. */
export const leases = (options: LeasesOptions): Leases => new EngineLeases(options)
