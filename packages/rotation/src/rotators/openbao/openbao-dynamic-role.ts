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

  constructor(options: OpenBaoDynamicRoleOptions) {
    this.#options = options
  }

  async create(call: RotatorCall, current: SecretValue): Promise<SecretValue> {
    requireMembers(current)
    // A lease ends with the token that it was given to: a new one has all of its life before it.
    this.#options.client.refresh()
    call.requireLease()
    const answer = await askRole(this.#options, call, { method: 'GET', of: 'creds' })
    const leaseId = textIn(answer, 'lease_id')
    await this.#requireLastingToken(call, { answer, leaseId })
    return withMembers(current, { ...credentialIn(answer), lease_id: leaseId })
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

  /** A value that was put by hand has no lease. */
  async #revoke(call: RotatorCall, leaseId: unknown): Promise<void> {
    if (typeof leaseId !== 'string') return
    call.requireLease()
    const { signal } = call
    const body = { lease_id: leaseId, sync: true }
    await this.#options.client.call({ method: 'POST', path: 'sys/leases/revoke', body, signal }).catch(alreadyGone)
  }

  async #requireLastingToken(
    call: RotatorCall,
    { answer, leaseId }: { readonly answer: OpenBaoAnswer; readonly leaseId: string },
  ): Promise<void> {
    const { signal } = call
    const token = await this.#options.client.call({ method: 'GET', path: 'auth/token/lookup-self', signal })
    const [leaseSeconds, tokenSeconds] = [answer.member('lease_duration'), token.member('data', 'ttl')].map(Number)
    // 0: the token has no end. A second may have passed since the login.
    if (tokenSeconds === 0 || Number(tokenSeconds) + 5 >= Number(leaseSeconds)) return
    await this.#revoke(call, leaseId)
    throw new SecretsError('source_misconfigured', 'The token ends before the lease, which would end with it.', {
      reason: 'token_ends_first',
    })
  }
}

const alreadyGone = (error: unknown): undefined => {
  if (error instanceof SecretsError && error.reason === 'lease_gone') return undefined
  throw error
}
