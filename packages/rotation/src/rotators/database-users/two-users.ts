import { type Random, SecretsError, type SecretValue } from '@keyplane/core'
import type { Acceptance, Credentials, Rotator, RotatorCall } from '../../ports/rotator.ts'
import { type RandomTextOptions, randomText } from '../random-text.ts'
import { adminLogin } from './admin-login.ts'
import type { DatabaseLogin } from './database-login.ts'
import type { DatabaseUsers, UserChange } from './database-users.ts'
import { requireSameServer } from '../same-server.ts'

export interface TwoUsersOptions {
  readonly random: Random
  readonly password?: RandomTextOptions
  /** The login of somebody who may make users and change the passwords of both, of the same shape as the secret's. */
  readonly admin: () => Promise<SecretValue>
}

/** AWS's own suffix. @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets_strategies.html */
const suffix = '_clone'

/**
 * Two users of a database server take turns: `app` and `app_clone`. The one that is not in use gets a new password, so
 * that what readers have is accepted at every moment; the other keeps his until his next turn.
 */
export class TwoUsers<Statement> implements Rotator {
  readonly name: string
  readonly repairs = true
  readonly overlaps = true
  readonly #users: DatabaseUsers<Statement>
  readonly #options: TwoUsersOptions

  constructor(name: string, users: DatabaseUsers<Statement>, options: TwoUsersOptions) {
    this.name = name
    this.#users = users
    this.#options = options
  }

  async create(_: RotatorCall, current: SecretValue): Promise<SecretValue> {
    return this.#users.withLogin(current, {
      username: this.#otherUser(this.#users.loginOf(current).user),
      password: this.#newPassword(),
    })
  }

  async test(call: RotatorCall, value: SecretValue): Promise<Acceptance> {
    return this.#users.test(call, this.#users.loginOf(value))
  }

  async set(call: RotatorCall, credentials: Credentials): Promise<Acceptance> {
    const { old, fresh } = this.#pair(credentials)
    const isClone = fresh.user.endsWith(suffix)
    return this.#change(call, fresh, (say) => (isClone ? say.twin(fresh, old.user) : say.password(fresh)))
  }

  async revert(call: RotatorCall, credentials: Credentials): Promise<void> {
    const { old, fresh } = this.#pair(credentials)
    if ((await this.test(call, credentials.current)) === 'accepted') return
    await this.#change(call, fresh, (say) => say.password(old))
  }

  async retire(): Promise<void> {
    // The other user's password is the previous version's: it ends when it is his turn.
  }

  /** The password that was tried is another one then, which nobody keeps. */
  async discard(call: RotatorCall, credentials: Credentials): Promise<void> {
    const { fresh } = this.#pair(credentials)
    await this.#change(call, fresh, async (say) =>
      (await say.has(fresh.user)) ? say.password({ ...fresh, password: this.#newPassword() }) : [],
    )
  }

  async #change(
    call: RotatorCall,
    fresh: DatabaseLogin,
    statements: UserChange<Statement>['statements'],
  ): Promise<Acceptance> {
    const by = adminLogin(this.#users, await this.#options.admin(), fresh)
    return this.#users.change(call, { by, user: fresh.user, statements })
  }

  #newPassword(): string {
    return randomText(this.#options.random, this.#options.password)
  }

  #otherUser(user: string): string {
    const other = user.endsWith(suffix) ? user.slice(0, -suffix.length) : `${user}${suffix}`
    if (other !== '' && Buffer.byteLength(other) <= this.#users.maxNameBytes) return other
    throw new SecretsError(
      'source_misconfigured',
      'The name of the second user would be longer than the server keeps it.',
      {
        reason: 'user_name',
      },
    )
  }

  #pair({ current, pending }: Credentials): { readonly old: DatabaseLogin; readonly fresh: DatabaseLogin } {
    const [old, fresh] = [this.#users.loginOf(current), this.#users.loginOf(pending)]
    requireSameServer(old, fresh)
    if (fresh.user === this.#otherUser(old.user) && fresh.userDatabase === old.userDatabase) return { old, fresh }
    throw new SecretsError('source_misconfigured', 'The pending version is not of the other one of the two users.', {
      reason: 'other_user',
    })
  }
}
