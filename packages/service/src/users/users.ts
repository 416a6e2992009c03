import { type Clock, SecretsError } from '@keyplane/core'
import type { Reader, Statement } from '@keyplane/database'
import { accountRecord, type AccountAction, type By } from '../audit/account-records.ts'
import { type SessionsTable, sessionsTable } from '../sessions/sessions-table.ts'
import type { RecordedWrite } from '../state/recorded-writes.ts'
import { Idempotency, type RepeatableWrite, type WriteAnswer } from '../state/idempotency.ts'
import type { StateTables, UserRow } from '../state/tables.ts'
import type { Passwords } from './passwords.ts'
import { type UsersTable, usersTable } from './users-table.ts'

export interface UsersParts {
  readonly reader: Reader<StateTables>
  readonly write: RecordedWrite
  /** Those that the configuration has. */
  readonly roles: ReadonlyMap<string, unknown>
  readonly passwords: Passwords
  readonly clock: Clock
}

/** A user as he is shown. */
export interface User {
  readonly name: string
  readonly roles: readonly string[]
  readonly enabled: boolean
  readonly createdAt: string
  readonly changedAt: string
}

/** What is to be otherwise; what is not named stays. */
export interface UserChange {
  readonly password?: string | undefined
  readonly roles?: readonly string[] | undefined
  readonly enabled?: boolean | undefined
}

/** A write of a user, by whom. */
export interface UserWrite extends By {
  readonly name: string
  readonly idempotencyKey?: string | undefined
}

interface Planned {
  readonly action: AccountAction
  readonly statements: readonly Statement[]
  readonly answer: WriteAnswer
  readonly detail?: Readonly<Record<string, string>>
  readonly passwordHash?: string | undefined
}

/** Somebody else may write the same user at the same time; not for ever. */
const maxTries = 5

/** The service's own users. Each change is there with its audit record and with its answer for who asks again. */
export class Users {
  readonly #parts: UsersParts
  readonly #users: UsersTable
  readonly #sessions: SessionsTable
  readonly #idempotency: Idempotency

  constructor(parts: UsersParts) {
    this.#parts = parts
    this.#users = usersTable(parts.reader)
    this.#sessions = sessionsTable(parts.reader)
    this.#idempotency = new Idempotency(parts.reader, (password, hash) => parts.passwords.holds(password, hash))
  }

  async list(): Promise<readonly User[]> {
    return (await this.#users.all()).map(shown)
  }

  /** @throws SecretsError `secret_not_found` */
  async get(name: string): Promise<User> {
    return shown(await this.#known(name))
  }

  /**
   * Makes a user, or changes him. A new password and `enabled: false` end his sessions; other roles hold for those at once.
   * @throws SecretsError `invalid_request`, `conflict`
   */
  put(write: UserWrite, { password, roles, enabled }: UserChange): Promise<WriteAnswer> {
    const unknown = roles?.find((role) => !this.#parts.roles.has(role))
    if (unknown !== undefined) throw new SecretsError('invalid_request', `There is no role ${JSON.stringify(unknown)}.`)
    let passwordHash: string | undefined
    return this.#write(write, { target: 'PUT', body: { roles, enabled }, password }, async (nowMs) => {
      const before = await this.#users.find(write.name)
      if (!before && (password === undefined || roles === undefined))
        throw new SecretsError('invalid_request', 'A new user needs a password and roles.')
      if (password !== undefined) passwordHash ??= await this.#parts.passwords.hash(password)
      const row: UserRow = {
        ...(before ?? {
          name: write.name,
          enabled: 1,
          revision: 1,
          created_at_ms: nowMs,
          password_hash: '',
          roles: '',
        }),
        ...(passwordHash !== undefined && { password_hash: passwordHash }),
        ...(roles && { roles: JSON.stringify([...new Set(roles)]) }),
        ...(enabled !== undefined && { enabled: enabled ? 1 : 0 }),
        changed_at_ms: nowMs,
      }
      const ends = before && (password !== undefined || enabled === false)
      return {
        action: 'users:write',
        statements: [
          before ? this.#users.replace(row) : this.#users.insert(row),
          ...(ends ? [this.#sessions.removeOf(write.name)] : []),
        ],
        answer: { status: before ? 200 : 201, body: shown(row) },
        passwordHash,
        detail: {
          user: before ? 'changed' : 'made',
          ...(password !== undefined && { password: 'set' }),
          ...(roles && { roles: roles.join(' ') }),
          ...(enabled !== undefined && { enabled: String(enabled) }),
        },
      }
    })
  }

  /** Removes a user, and so his sessions. @throws SecretsError `secret_not_found`, `conflict` */
  remove(write: UserWrite): Promise<WriteAnswer> {
    return this.#write(write, { target: 'DELETE' }, async () => ({
      action: 'users:delete',
      // His sessions go with him.
      statements: [this.#users.remove(await this.#known(write.name))],
      answer: { status: 204 },
    }))
  }

  /** Ends all sessions of a user. @throws SecretsError `secret_not_found`, `conflict` */
  endSessions(write: UserWrite): Promise<WriteAnswer> {
    return this.#write(write, { target: 'DELETE sessions' }, async () => ({
      action: 'users:end-sessions',
      statements: [this.#sessions.removeOf((await this.#known(write.name)).name)],
      answer: { status: 204 },
    }))
  }

  async #known(name: string): Promise<UserRow> {
    const row = await this.#users.find(name)
    if (row) return row
    throw new SecretsError('secret_not_found', `There is no user ${JSON.stringify(name)}.`)
  }

  /** The first answer to the same write; else what is planned is done, and planned anew where somebody was quicker. */
  async #write(
    { actor, requestId, name, idempotencyKey: key }: UserWrite,
    {
      target,
      body,
      password,
    }: { readonly target: string; readonly body?: unknown; readonly password?: string | undefined },
    plan: (nowMs: number) => Promise<Planned>,
  ): Promise<WriteAnswer> {
    const write: RepeatableWrite = { caller: actor, key, target: `${target} user/${name}`, body, password }
    for (let tries = 0; tries < maxTries; tries += 1) {
      const nowMs = this.#parts.clock.nowMs()
      const answered = await this.#idempotency.answered(write, nowMs)
      if (answered) return answered
      const { action, statements, answer, detail, passwordHash } = await plan(nowMs)
      const event = { action, user: name, atMs: nowMs, decision: 'allow', ...(detail && { detail }) } as const
      const outcome = await this.#parts.write({
        statements: [...statements, ...this.#idempotency.statements(write, { ...answer, passwordHash, nowMs })],
        audit: [accountRecord({ actor, requestId }, event)],
      })
      if (outcome === 'committed') return answer
    }
    throw new SecretsError('conflict', 'Somebody else is changing the same user; try again.')
  }
}

const shown = ({ name, roles, enabled, created_at_ms, changed_at_ms }: UserRow): User => ({
  name,
  roles: JSON.parse(roles) as string[],
  enabled: enabled === 1,
  createdAt: new Date(created_at_ms).toISOString(),
  changedAt: new Date(changed_at_ms).toISOString(),
})
