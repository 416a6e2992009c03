import { SecretsError, type SecretValue } from '@keyplane/core'
import type { Acceptance, Credentials, Rotator, RotatorCall } from '../../ports/rotator.ts'
import { requireMembers, withMembers } from '../credential.ts'
import { askRole, credentialIn, type DatabaseCredential, type DatabaseRoleOptions } from './database-role.ts'

export type OpenBaoStaticRoleOptions = DatabaseRoleOptions

/**
 * A static role of OpenBao: one user of a database, whose password OpenBao makes, sets and keeps. A rotation has OpenBao
 * change it, and gives readers of the store what OpenBao holds; it can always be read again, so that a crash loses nothing.
 * A password that OpenBao has changed by itself is followed. Between the change and the moment in which the new version is
 * current, readers have a password that is refused. There is no way back to the old one: what is taken back goes forward.
 */
export const openbaoStaticRoleRotator = (options: OpenBaoStaticRoleOptions): Rotator => new StaticRole(options)

class StaticRole implements Rotator {
  readonly name = 'openbao-static-role'
  readonly repairs = true
  readonly #options: OpenBaoStaticRoleOptions

  constructor(options: OpenBaoStaticRoleOptions) {
    this.#options = options
  }

  /** OpenBao changes the password here: it takes none that is made elsewhere. */
  async create(call: RotatorCall, current: SecretValue): Promise<SecretValue> {
    const { password } = requireMembers(current)
    const held = await this.#held(call)
    // Another one than readers have was made by a try whose answer was lost, or by OpenBao's own period.
    if (held.password !== password) return withMembers(current, { ...held })
    call.requireLease()
    await askRole(this.#options, call, { method: 'POST', of: 'rotate-role' })
    const fresh = await this.#held(call)
    if (fresh.password !== password) return withMembers(current, { ...fresh })
    throw new SecretsError('unavailable', 'OpenBao has rotated the role, and gives the old password yet.', {
      reason: 'stale_read',
    })
  }

  set(call: RotatorCall, { pending }: Credentials): Promise<Acceptance> {
    return this.test(call, pending)
  }

  test(call: RotatorCall, value: SecretValue): Promise<Acceptance> {
    return this.#options.target.test(call, value)
  }

  async revert(): Promise<void> {
    // OpenBao sets no password a second time.
  }

  async retire(): Promise<void> {
    // The old password ended with the new one.
  }

  async #held(call: RotatorCall): Promise<DatabaseCredential> {
    return credentialIn(await askRole(this.#options, call, { method: 'GET', of: 'static-creds' }))
  }
}
