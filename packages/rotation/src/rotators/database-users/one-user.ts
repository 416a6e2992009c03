import { type Random, SecretsError, type SecretValue } from '@keyplane/core'
import type { Acceptance, Credentials, Rotator, RotatorCall } from '../../ports/rotator.ts'
import { acceptance } from '../acceptance.ts'
import { type RandomTextOptions, randomText } from '../random-text.ts'
import { adminLogin } from './admin-login.ts'
import type { DatabaseLogin } from './database-login.ts'
import type { DatabaseUsers } from './database-users.ts'
import { requireSameServer } from '../same-server.ts'

export interface OneUserOptions {
  readonly random: Random
  readonly password?: RandomTextOptions
  /**
   * The login of somebody who may change the user's password, of the same shape as the secret's. Default: the user
   * changes his own, and a password that somebody else changed can't be repaired.
   */
  readonly admin?: () => Promise<SecretValue>
}

/** One user of a database server gets a new password, with which the old one ends. */
export class OneUser<Statement> implements Rotator {
  readonly name: string
  readonly repairs: boolean
  readonly #users: DatabaseUsers<Statement>
  readonly #options: OneUserOptions

  constructor(name: string, users: DatabaseUsers<Statement>, options: OneUserOptions) {
    this.name = name
    this.repairs = options.admin !== undefined
    this.#users = users
    this.#options = options
  }

  async create(_: RotatorCall, current: SecretValue): Promise<SecretValue> {
    this.#users.loginOf(current)
    return this.#withNewPassword(current)
  }

  async test(call: RotatorCall, value: SecretValue): Promise<Acceptance> {
    return this.#users.test(call, this.#users.loginOf(value))
  }

  async set(call: RotatorCall, { current, pending }: Credentials): Promise<Acceptance> {
    if ((await this.test(call, pending)) === 'accepted') {
      await this.#requireChecked(call, pending)
      return 'accepted'
    }
    return this.#change(call, { from: current, to: pending })
  }

  async revert(call: RotatorCall, { current, pending }: Credentials): Promise<void> {
    // What an earlier call sent may still come: whoever changes the user after it sees what it left.
    const isSettled = await this.#settle(call, [current, pending])
    if (!isSettled || (await this.test(call, current)) === 'accepted') return
    await this.#change(call, { from: pending, to: current })
  }

  async retire(): Promise<void> {
    // The old password ended with the new one.
  }

  /**
   * A server that lets the user in without a password, from here, accepts any: it would not be changed, and those whom the
   * server asks for it would have a wrong one. @throws SecretsError `source_misconfigured` (`any_password`)
   */
  async #requireChecked(call: RotatorCall, value: SecretValue): Promise<void> {
    if ((await this.test(call, this.#withNewPassword(value))) === 'refused') return
    throw new SecretsError('source_misconfigured', 'The server accepts any password of this user from here.', {
      reason: 'any_password',
    })
  }

  #withNewPassword(value: SecretValue): SecretValue {
    return this.#users.withLogin(value, { password: randomText(this.#options.random, this.#options.password) })
  }

  /** Waits for changes under way, by whichever login is accepted; false where none is. */
  async #settle(call: RotatorCall, logins: readonly SecretValue[]): Promise<boolean> {
    for (const value of logins) {
      const login = this.#users.loginOf(value)
      const by = await this.#changer(login, login)
      const nothing = { by, user: login.user, statements: async () => [] }
      if ((await acceptance('refused_login', () => this.#users.change(call, nothing))) === 'accepted') return true
    }
    return false
  }

  async #change(
    call: RotatorCall,
    { from, to }: { readonly from: SecretValue; readonly to: SecretValue },
  ): Promise<Acceptance> {
    const [old, wanted] = [this.#users.loginOf(from), this.#users.loginOf(to)]
    requireSameServer(old, wanted)
    // A pending value that names somebody else must not have his password changed.
    if (old.user !== wanted.user || old.userDatabase !== wanted.userDatabase)
      throw new SecretsError('source_misconfigured', 'The two versions are of different users.', {
        reason: 'other_user',
      })
    const by = await this.#changer(old, wanted)
    return this.#users.change(call, { by, user: wanted.user, statements: (say) => say.password(wanted) })
  }

  async #changer(old: DatabaseLogin, wanted: DatabaseLogin): Promise<DatabaseLogin> {
    const admin = await this.#options.admin?.()
    return admin ? adminLogin(this.#users, admin, wanted) : old
  }
}
