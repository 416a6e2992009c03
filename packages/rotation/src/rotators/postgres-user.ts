import { type Random, SecretsError, type SecretValue } from '@keyplane/core'
import type { Acceptance, Credentials, Rotator, RotatorCall } from '../ports/rotator.ts'
import { withMembers } from './credential.ts'
import { changeRoles, requireSameServer, setPassword, testLogin } from './postgres-roles.ts'
import { type PostgresLogin, type PostgresReach, postgresLogin } from './postgres-session.ts'
import { type RandomTextOptions, randomText } from './random-text.ts'

export interface PostgresUserOptions extends PostgresReach {
  readonly random: Random
  readonly password?: RandomTextOptions
  /**
   * The login of somebody who may change the user's password, of the same shape as the secret's. Default: the user
   * changes his own, and a password that somebody else changed can't be repaired.
   */
  readonly admin?: () => Promise<SecretValue>
}

/**
 * One user of PostgreSQL gets a new password. Between that and the moment in which the new version is current, readers
 * have a password that is refused: they have to try the pending one (`withSecret`). The server is sent a SCRAM verifier,
 * never the password. Sessions that are open stay open.
 */
export const postgresUserRotator = (options: PostgresUserOptions): Rotator => new PostgresUser(options)

class PostgresUser implements Rotator {
  readonly name = 'postgres-user'
  readonly repairs: boolean
  readonly #options: PostgresUserOptions

  constructor(options: PostgresUserOptions) {
    this.#options = options
    this.repairs = options.admin !== undefined
  }

  async create(_: RotatorCall, current: SecretValue): Promise<SecretValue> {
    postgresLogin(current)
    return withMembers(current, { password: randomText(this.#options.random, this.#options.password) })
  }

  test(call: RotatorCall, value: SecretValue): Promise<Acceptance> {
    return testLogin(call, value, this.#options)
  }

  async set(call: RotatorCall, { current, pending }: Credentials): Promise<Acceptance> {
    if ((await this.test(call, pending)) === 'accepted') return 'accepted'
    return this.#change(call, { from: current, to: pending })
  }

  async revert(call: RotatorCall, { current, pending }: Credentials): Promise<void> {
    // What an earlier call sent may still come: whoever has the lock after it sees what it left.
    const isSettled = await this.#settle(call, [current, pending])
    if (!isSettled || (await this.test(call, current)) === 'accepted') return
    await this.#change(call, { from: pending, to: current })
  }

  async retire(): Promise<void> {
    // The old password ended with the new one.
  }

  /** Waits for changes under way, by whichever login is accepted; false where none is. */
  async #settle(call: RotatorCall, logins: readonly SecretValue[]): Promise<boolean> {
    for (const login of logins) {
      const found = postgresLogin(login)
      try {
        const by = await this.#changer(found, found)
        await changeRoles(call, by, { reach: this.#options, user: found.user, change: async () => [] })
        return true
      } catch (error) {
        if (!(error instanceof SecretsError && error.reason === 'refused_login')) throw error
      }
    }
    return false
  }

  async #change(
    call: RotatorCall,
    { from, to }: { readonly from: SecretValue; readonly to: SecretValue },
  ): Promise<Acceptance> {
    const [old, wanted] = [postgresLogin(from), postgresLogin(to)]
    requireSameServer(old, wanted)
    // A pending value that names somebody else must not have his password changed.
    if (old.user !== wanted.user)
      throw new SecretsError('source_misconfigured', 'The two versions are of different users.', {
        reason: 'other_user',
      })
    const { random } = this.#options
    return changeRoles(call, await this.#changer(old, wanted), {
      reach: this.#options,
      user: wanted.user,
      change: async (client) => [setPassword(client, wanted, random)],
    })
  }

  async #changer(old: PostgresLogin, wanted: PostgresLogin): Promise<PostgresLogin> {
    const admin = await this.#options.admin?.()
    if (!admin) return old
    const login = postgresLogin(admin)
    requireSameServer(login, wanted)
    return { ...login, database: wanted.database }
  }
}
