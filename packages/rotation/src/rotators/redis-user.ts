import { type Random, SecretsError, type SecretValue } from '@keyplane/core'
import type { Acceptance, Credentials, Rotator, RotatorCall } from '../ports/rotator.ts'
import { acceptance } from './acceptance.ts'
import { withMembers } from './credential.ts'
import { type RandomTextOptions, randomText } from './random-text.ts'
import {
  passwordHash,
  type RedisCall,
  type RedisLogin,
  type RedisReach,
  redisLogin,
  withRedis,
} from './redis-session.ts'
import { requireSameServer } from './same-server.ts'

export interface RedisUserOptions extends RedisReach {
  readonly random: Random
  readonly password?: RandomTextOptions
  /** The login of somebody who may run `ACL`, of the same shape as the secret's. */
  readonly admin: () => Promise<SecretValue>
  /**
   * Where the server keeps users beyond a restart: `ACL SAVE` to its ACL file, or `CONFIG REWRITE`. Default: the first
   * where the server has such a file, else the second. `none`: it forgets them, and whoever starts it sets them anew.
   */
  readonly keep?: 'acl-file' | 'config' | 'none'
}

/**
 * A user of Redis or Valkey, who has two passwords while it rotates: the new one is added, and the old one taken away once
 * the new one was verified as current. The server is sent the passwords' hashes but for the logins. Connections that are
 * open stay open.
 */
export const redisUserRotator = (options: RedisUserOptions): Rotator => new RedisUser(options)

class RedisUser implements Rotator {
  readonly name = 'redis-user'
  readonly repairs = true
  readonly overlaps = true
  readonly #options: RedisUserOptions

  constructor(options: RedisUserOptions) {
    this.#options = options
  }

  async create(_: RotatorCall, current: SecretValue): Promise<SecretValue> {
    redisLogin(current)
    return withMembers(current, { password: randomText(this.#options.random, this.#options.password) })
  }

  async set(call: RotatorCall, credentials: Credentials): Promise<Acceptance> {
    const { fresh } = pair(credentials)
    await this.#change(call, fresh)
    return 'accepted'
  }

  async test(call: RotatorCall, value: SecretValue): Promise<Acceptance> {
    const reach = { ...this.#options, signal: call.signal }
    return acceptance('refused_login', () =>
      withRedis(redisLogin(value), reach, (send) => send('ACL', 'WHOAMI').catch(allowsNothing)),
    )
  }

  async revert(call: RotatorCall, credentials: Credentials): Promise<void> {
    const { old } = pair(credentials)
    await this.#change(call, old)
  }

  async retire(call: RotatorCall, credentials: Credentials): Promise<void> {
    const { old, fresh } = pair(credentials)
    await this.#change(call, fresh, old)
  }

  async discard(call: RotatorCall, credentials: Credentials): Promise<void> {
    const { old, fresh } = pair(credentials)
    await this.#change(call, old, fresh)
  }

  /** Has the server accept one password of the user's, and refuse another one. */
  async #change(call: RotatorCall, login: RedisLogin, gone?: RedisLogin): Promise<void> {
    const admin = redisLogin(await this.#options.admin())
    requireSameServer(admin, login)
    await withRedis(admin, { ...this.#options, signal: call.signal }, async (send) => {
      const { user } = login
      const { flags, passwords: hashes } = await userOf(send, user)
      // With the first password that he is given he is asked for one.
      if (flags.includes('nopass'))
        throw new SecretsError('source_misconfigured', 'The Redis server accepts any password of this user.', {
          reason: 'any_password',
        })
      // A rule that takes away what is not there is an error to the server.
      const removing = gone && hashes.includes(passwordHash(gone)) ? [`!${passwordHash(gone)}`] : []
      const adding = hashes.includes(passwordHash(login)) ? [] : [`#${passwordHash(login)}`]
      // Kept before the change too: one that the server would forget is not begun, and so can always be taken back.
      const isKept = await this.#isKept(send)
      if (adding.length + removing.length === 0) return
      if (!isKept) throw notKept()
      call.requireLease()
      await send('ACL', 'SETUSER', user, ...adding, ...removing)
      if (!(await this.#isKept(send))) throw notKept()
    })
  }

  async #isKept(send: RedisCall): Promise<boolean> {
    const { keep } = this.#options
    if (keep === 'none') return true
    const answer = await kept(send, keep === 'config' ? rewriteConfig : saveUsers)
    return (keep === undefined && answer === 'no_file' ? await kept(send, rewriteConfig) : answer) === 'kept'
  }
}

type Command = readonly [name: string, parameter: string]
const saveUsers: Command = ['ACL', 'SAVE']
const rewriteConfig: Command = ['CONFIG', 'REWRITE']

/** Has the server write its users down; where it has nowhere to, as Redis 7 words it. */
const kept = async (send: RedisCall, [name, parameter]: Command): Promise<'kept' | 'no_file' | 'not_allowed'> => {
  try {
    await send(name, parameter)
    return 'kept'
  } catch (error) {
    const { message = '' } = error as { readonly message?: string }
    if (message.startsWith('NOPERM')) return 'not_allowed'
    if (/not configured to use an ACL file|running without a config file/.test(message)) return 'no_file'
    throw error
  }
}

const notKept = (): SecretsError =>
  new SecretsError(
    'source_misconfigured',
    'The Redis server would forget the change: it has no ACL file or configuration file, or the administrator may not have it written.',
    { reason: 'not_kept' },
  )

/** A user who may run no command at all has logged in. */
const allowsNothing = (error: { readonly message?: string }): unknown => {
  if (error.message?.startsWith('NOPERM')) return undefined
  throw error
}

interface RedisUserFacts {
  readonly flags: readonly string[]
  /** Their hashes. */
  readonly passwords: readonly string[]
}

/** What the server keeps of a user. @throws SecretsError `source_misconfigured` where there is none: `SETUSER` would make one. */
const userOf = async (send: RedisCall, user: string): Promise<RedisUserFacts> => {
  const found = await send('ACL', 'GETUSER', user)
  if (Array.isArray(found)) {
    const listOf = (name: string): unknown => found[found.indexOf(name) + 1]
    const [flags, passwords] = [listOf('flags'), listOf('passwords')]
    if (Array.isArray(flags) && Array.isArray(passwords))
      return { flags: flags.map(String), passwords: passwords.map(String) }
  }
  throw new SecretsError('source_misconfigured', `There is no user ${JSON.stringify(user)} on the Redis server.`, {
    reason: 'missing_user',
  })
}

const pair = ({ current, pending }: Credentials): { readonly old: RedisLogin; readonly fresh: RedisLogin } => {
  const [old, fresh] = [redisLogin(current), redisLogin(pending)]
  if (old.user === fresh.user && old.host === fresh.host && old.port === fresh.port) return { old, fresh }
  throw new SecretsError('source_misconfigured', 'The two versions are of different users or servers.', {
    reason: 'other_user',
  })
}
