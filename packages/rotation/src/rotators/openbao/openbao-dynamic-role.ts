import { SecretsError, type SecretValue } from '@keyplane/core'
import type { OpenBaoAnswer } from '@keyplane/openbao'
import type { Acceptance, Credentials, Rotator, RotatorCall } from '../../ports/rotator.ts'
import { requireMembers, withMembers } from '../credential.ts'
import { askRole, credentialIn, type DatabaseRoleOptions, textIn } from './database-role.ts'

export type OpenBaoDynamicRoleOptions = DatabaseRoleOptions

/**
 * A dynamic role of OpenBao: each rotation has it make a user of its own, with a lease whose id is kept in the value as
 * `lease_id`. The old lease is revoked once the new version was verified as current, so that what readers have is accepted
 * at every moment. Nobody renews a lease: it has to be longer than what lies between two rotations.
 */
export const openbaoDynamicRoleRotator = (options: OpenBaoDynamicRoleOptions): Rotator => new DynamicRole(options)

class DynamicRole implements Rotator {
  readonly name = 'openbao-dynamic-role'
  readonly repairs = true
  readonly overlaps = true
  readonly #options: OpenBaoDynamicRoleOptions
  /** What was made last for each secret, whether or not it was stored. */
  readonly #made = new Map<string, { readonly version: string; readonly leaseId: string }>()

  constructor(options: OpenBaoDynamicRoleOptions) {
    this.#options = options
  }

  async create(call: RotatorCall, current: SecretValue): Promise<SecretValue> {
    requireMembers(current)
    // A lease ends with the token that it was given to: a new one has all of its life before it.
    this.#options.client.refresh()
    const tokenSeconds = await this.#tokenSeconds(call)
    await this.#revokeUnstored(call)
    call.requireLease()
    const answer = await askRole(this.#options, call, { method: 'GET', of: 'creds' })
    const leaseId = textIn(answer, 'lease_id')
    this.#made.set(call.secretId, { version: call.pendingVersion, leaseId })
    try {
      requireOutlived(answer, tokenSeconds)
      return withMembers(current, { ...credentialIn(answer), lease_id: leaseId })
    } catch (error) {
      await this.#revokeUnstored(call)
      throw error
    }
  }

  /** A user that was made is there; one whose lease has ended meanwhile is not. */
  set(call: RotatorCall, { pending }: Credentials): Promise<Acceptance> {
    return this.test(call, pending)
  }

  test(call: RotatorCall, value: SecretValue): Promise<Acceptance> {
    return this.#options.target.test(call, value)
  }

  async revert(): Promise<void> {
    // The old user was never taken away; one whose lease has ended can't be had again.
  }

  retire(call: RotatorCall, { current }: Credentials): Promise<void> {
    return this.#revoke(call, requireMembers(current)['lease_id'])
  }

  discard(call: RotatorCall, { pending }: Credentials): Promise<void> {
    return this.#revoke(call, requireMembers(pending)['lease_id'])
  }

  /** A version is made once more only if it was not stored. */
  async #revokeUnstored(call: RotatorCall): Promise<void> {
    const made = this.#made.get(call.secretId)
    if (made?.version !== call.pendingVersion) return
    await this.#revoke(call, made.leaseId)
    this.#made.delete(call.secretId)
  }

  /** A value that was put by hand has no lease, or names anything. */
  async #revoke(call: RotatorCall, leaseId: unknown): Promise<void> {
    const { client, mount = 'database', role } = this.#options
    if (typeof leaseId !== 'string' || !leaseId.startsWith(`${mount}/creds/${role}/`)) return
    call.requireLease()
    const { signal } = call
    const body = { lease_id: leaseId, sync: true }
    await client.call({ method: 'POST', path: 'sys/leases/revoke', body, signal }).catch(alreadyGone)
  }

  /** How long the token lives yet. */
  async #tokenSeconds({ signal }: RotatorCall): Promise<number> {
    const token = await this.#options.client.call({ method: 'GET', path: 'auth/token/lookup-self', signal })
    const seconds = Number(token.member('data', 'ttl'))
    // OpenBao's word for a token that has no end.
    return seconds === 0 ? Number.POSITIVE_INFINITY : seconds
  }
}

/** A second may have passed since the login. @throws SecretsError `source_misconfigured` (`token_ends_first`) */
const requireOutlived = (answer: OpenBaoAnswer, tokenSeconds: number): void => {
  if (tokenSeconds + 5 >= Number(answer.member('lease_duration'))) return
  throw new SecretsError('source_misconfigured', 'The token ends before the lease, which would end with it.', {
    reason: 'token_ends_first',
  })
}

const alreadyGone = (error: unknown): undefined => {
  if (error instanceof SecretsError && error.reason === 'lease_gone') return undefined
  throw error
}
