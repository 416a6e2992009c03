import { type Random, SecretsError, type SecretValue } from '@keyplane/core'
import type { Acceptance, Credentials, Rotator, RotatorCall } from '../ports/rotator.ts'
import { withMembers } from './credential.ts'
import {
  changeRoles,
  hasRole,
  requireSameServer,
  type RoleChange,
  setPassword,
  testLogin,
  verifierLiteral,
} from './postgres-roles.ts'
import { type PostgresLogin, type PostgresReach, postgresLogin } from './postgres-session.ts'
import { type RandomTextOptions, randomText } from './random-text.ts'

export interface PostgresTwoUsersOptions extends PostgresReach {
  readonly random: Random
  readonly password?: RandomTextOptions
  /** The login of somebody who may make roles and change the passwords of both, of the same shape as the secret's. */
  readonly admin: () => Promise<SecretValue>
}

/** AWS's own suffix. @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets_strategies.html */
const suffix = '_clone'
/** PostgreSQL cuts longer names. */
const maxNameBytes = 63

/**
 * Two users of PostgreSQL take turns: `app` and `app_clone`. The one that is not in use gets a new password, so that what
 * readers have is accepted at every moment; the other keeps his until his next turn. The clone is made a member of the
 * role that it is a clone of, and has what that one has. The server is sent a SCRAM verifier, never the password.
 */
export const postgresTwoUsersRotator = (options: PostgresTwoUsersOptions): Rotator => new PostgresTwoUsers(options)

class PostgresTwoUsers implements Rotator {
  readonly name = 'postgres-two-users'
  readonly repairs = true
  readonly overlaps = true
  readonly #options: PostgresTwoUsersOptions

  constructor(options: PostgresTwoUsersOptions) {
    this.#options = options
  }

  async create(_: RotatorCall, current: SecretValue): Promise<SecretValue> {
    const { random, password } = this.#options
    return withMembers(current, {
      username: otherUser(postgresLogin(current).user),
      password: randomText(random, password),
    })
  }

  test(call: RotatorCall, value: SecretValue): Promise<Acceptance> {
    return testLogin(call, value, this.#options)
  }

  async set(call: RotatorCall, credentials: Credentials): Promise<Acceptance> {
    const { old, fresh } = pair(credentials)
    const { random } = this.#options
    return this.#change(call, fresh, async (client) => {
      if (await hasRole(client, fresh.user)) return [setPassword(client, fresh, random)]
      const [own, other] = [fresh.user, old.user].map((name) => client.escapeIdentifier(name))
      return [
        `create role ${own} with login password ${verifierLiteral(client, fresh.password, random)}`,
        `grant ${other} to ${own}`,
      ]
    })
  }

  async revert(call: RotatorCall, credentials: Credentials): Promise<void> {
    const { old, fresh } = pair(credentials)
    if ((await this.test(call, credentials.current)) === 'accepted') return
    await this.#change(call, fresh, async (client) => [setPassword(client, old, this.#options.random)])
  }

  /** Nobody keeps the password that was tried, so nobody may log in with it. */
  async discard(call: RotatorCall, credentials: Credentials): Promise<void> {
    const { fresh } = pair(credentials)
    await this.#change(call, fresh, async (client) =>
      (await hasRole(client, fresh.user)) ? [`alter role ${client.escapeIdentifier(fresh.user)} password null`] : [],
    )
  }

  async retire(): Promise<void> {
    // The other user's password is the previous version's: it ends when it is his turn.
  }

  async #change(call: RotatorCall, fresh: PostgresLogin, change: RoleChange): Promise<Acceptance> {
    const admin = postgresLogin(await this.#options.admin())
    requireSameServer(admin, fresh)
    const by = { ...admin, database: fresh.database }
    return changeRoles(call, by, { reach: this.#options, user: fresh.user, change })
  }
}

const otherUser = (user: string): string => {
  const other = user.endsWith(suffix) ? user.slice(0, -suffix.length) : `${user}${suffix}`
  if (other !== '' && Buffer.byteLength(other) <= maxNameBytes) return other
  throw new SecretsError(
    'source_misconfigured',
    'The name of the second user would be longer than PostgreSQL keeps it.',
    {
      reason: 'user_name',
    },
  )
}

const pair = ({ current, pending }: Credentials): { readonly old: PostgresLogin; readonly fresh: PostgresLogin } => {
  const [old, fresh] = [postgresLogin(current), postgresLogin(pending)]
  requireSameServer(old, fresh)
  if (fresh.user === otherUser(old.user)) return { old, fresh }
  throw new SecretsError('source_misconfigured', 'The pending version is not of the other one of the two users.', {
    reason: 'other_user',
  })
}
