import { type AuditSink, type Clock, type Random, SecretsError, toSecretsError } from '@keyplane/core'
import type { Reader } from '@keyplane/database'
import type { Client } from '../access/clients.ts'
import { accountRecord, type By } from '../audit/account-records.ts'
import { keep } from '../audit/read-records.ts'
import type { RoleConfig } from '../config/service-config.ts'
import type { SessionsConfig } from '../config/state-config.ts'
import type { RecordedWrite } from '../state/recorded-writes.ts'
import type { StateTables, UserRow } from '../state/tables.ts'
import { isRefusal } from '../tools/is-refusal.ts'
import type { Passwords } from '../users/passwords.ts'
import { type UsersTable, usersTable } from '../users/users-table.ts'
import { LoginLimits } from './login-limits.ts'
import { newSessionToken, sessionHash } from './session-token.ts'
import { type SessionsTable, sessionsTable } from './sessions-table.ts'

export interface SessionsParts {
  readonly reader: Reader<StateTables>
  readonly write: RecordedWrite
  readonly config: SessionsConfig
  readonly roles: ReadonlyMap<string, RoleConfig>
  readonly passwords: Passwords
  readonly audit: AuditSink
  readonly clock: Clock
  readonly random: Random
}

export interface Login {
  readonly user: string
  readonly password: string
  /** Where it comes from. */
  readonly address: string
  readonly requestId: string
}

/** A session that was begun, for who logged in alone. */
export interface BegunSession {
  readonly token: string
  readonly expiresAtMs: number
  readonly user: string
  readonly roles: readonly string[]
}

/** A client by a session of his. */
export type SessionClient = Client & { readonly session: NonNullable<Client['session']> }

/**
 * Who is logged in. Nothing of it is cached: each request finds the session, its user and his roles as they are at that
 * moment, whichever of several services has changed them.
 */
export class Sessions {
  readonly #parts: SessionsParts
  readonly #users: UsersTable
  readonly #sessions: SessionsTable
  readonly #limits: LoginLimits

  constructor(parts: SessionsParts) {
    this.#parts = parts
    this.#users = usersTable(parts.reader)
    this.#sessions = sessionsTable(parts.reader)
    this.#limits = new LoginLimits(parts.clock)
  }

  /**
   * Begins a session. A name that nobody has, a wrong password and a user who may not log in are answered alike, and take
   * as long.
   * @throws SecretsError `unauthenticated`, `rate_limited`, `unavailable` where there is no record of it.
   */
  login(login: Login): Promise<BegunSession> {
    return this.#counted(login, () => this.#tried(login))
  }

  /**
   * Sees to it that who is logged in knows his password, too: a token alone is not to be enough to change it.
   * @throws SecretsError `access_denied`, `rate_limited`, `unavailable` where there is no record of it.
   */
  confirm(login: Login): Promise<void> {
    return this.#counted(login, async () => {
      const found = await this.#users.find(login.user)
      if (await this.#parts.passwords.holds(login.password, found?.password_hash)) return
      const { user, address, requestId } = login
      const event = { action: 'users:write', user, atMs: this.#parts.clock.nowMs(), decision: 'deny' } as const
      const record = accountRecord(
        { actor: `user:${user}`, requestId },
        { ...event, detail: { error: 'password', address } },
      )
      await keep(this.#parts.audit, [record])
      throw new SecretsError('access_denied', 'That is not your password.')
    })
  }

  /** Tries a password within the limits of those that were wrong. */
  async #counted<T>(login: Login, attempt: () => Promise<T>): Promise<T> {
    this.#limits.begin(login)
    try {
      const result = await attempt()
      this.#limits.succeeded(login)
      return result
    } catch (thrown) {
      // Where too many wait, or the database or the log is away, nobody has learnt whether it was right.
      if (!isRefusal(toSecretsError(thrown).code)) this.#limits.untried(login)
      throw thrown
    }
  }

  async #tried(login: Login): Promise<BegunSession> {
    const user = await this.#users.find(login.user)
    const holds = await this.#parts.passwords.holds(login.password, user?.password_hash)
    const begun = user && holds && user.enabled === 1 ? await this.#begin(user, login) : undefined
    if (!begun) throw await this.#refused(login, user)
    return begun
  }

  /** Whose token it is, as long as its session lasts. */
  async find(token: string): Promise<SessionClient | undefined> {
    const live = await this.#sessions.live(sessionHash(token), this.#parts.clock.nowMs())
    if (!live) return undefined
    const roleNames = JSON.parse(live.roles) as readonly string[]
    const roles = roleNames.flatMap((role) => this.#parts.roles.get(role) ?? [])
    return {
      kind: 'session',
      name: `user:${live.name}`,
      roleNames,
      // What a role denied that the configuration has no more is not known: the others alone could allow it.
      roles: roles.length === roleNames.length ? roles : [],
      session: { tokenHash: live.token_hash, beganAtMs: live.created_at_ms, expiresAtMs: live.expires_at_ms },
    }
  }

  /** Lets a session last on, for one life more, but no longer than `maxTtl` from its beginning. Gives its end. */
  async renew(
    { name, session: { tokenHash, beganAtMs, expiresAtMs } }: SessionClient,
    requestId: string,
  ): Promise<number> {
    const { clock, config } = this.#parts
    const atMs = clock.nowMs()
    const until = Math.max(expiresAtMs, Math.min(atMs + config.ttlMs, beganAtMs + config.maxTtlMs))
    const audit = [
      accountRecord(
        { actor: name, requestId },
        { action: 'sessions:renew', user: bare(name), atMs, decision: 'allow' },
      ),
    ]
    const extend = this.#sessions.extend({ token_hash: tokenHash }, until, atMs)
    if ((await this.#parts.write({ statements: [extend], audit })) === 'committed') return until
    throw new SecretsError('unauthenticated', 'The session has ended.')
  }

  /** Ends a session: its token is good for nothing from here on, at any service. */
  async end({ name, session }: SessionClient, requestId: string): Promise<void> {
    const atMs = this.#parts.clock.nowMs()
    const audit = [
      accountRecord({ actor: name, requestId }, { action: 'sessions:end', user: bare(name), atMs, decision: 'allow' }),
    ]
    await this.#parts.write({ statements: [this.#sessions.remove(session.tokenHash)], audit })
  }

  async #begin(user: UserRow, { address, requestId }: Login): Promise<BegunSession | undefined> {
    const { clock, config, random, write } = this.#parts
    const token = newSessionToken(random)
    const created_at_ms = clock.nowMs()
    const expires_at_ms = created_at_ms + config.ttlMs
    const row = { token_hash: sessionHash(token), user_name: user.name, created_at_ms, expires_at_ms }
    const record = accountRecord(
      { actor: `user:${user.name}`, requestId },
      { action: 'sessions:create', user: user.name, atMs: created_at_ms, decision: 'allow', detail: { address } },
    )
    // His password may have been changed since it was read.
    if ((await write({ statements: [this.#sessions.insert(row, user)], audit: [record] })) === 'conflict')
      return undefined
    return { token, expiresAtMs: expires_at_ms, user: user.name, roles: JSON.parse(user.roles) as string[] }
  }

  async #refused({ address, requestId }: Login, user: UserRow | undefined): Promise<SecretsError> {
    const by: By = { actor: '-', requestId }
    const atMs = this.#parts.clock.nowMs()
    const detail = { error: 'unauthenticated', address }
    const record = accountRecord(by, { action: 'sessions:create', user: user?.name, atMs, decision: 'deny', detail })
    await keep(this.#parts.audit, [record])
    return new SecretsError('unauthenticated', 'There is no such user with that password.')
  }
}

const bare = (actor: string): string => actor.slice('user:'.length)
