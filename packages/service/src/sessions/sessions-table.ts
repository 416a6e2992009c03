import { compileOnce, type Reader, type Statement, statement } from '@keyplane/database'
import type { SessionRow, StateTables, UserRow } from '../state/tables.ts'

/** A session with what its user may be at this moment. */
export interface LiveSession extends Pick<SessionRow, 'token_hash' | 'created_at_ms' | 'expires_at_ms'> {
  readonly name: string
  readonly roles: string
}

/** Reads sessions, and gives the statements that change them. */
export interface SessionsTable {
  /** One that has not expired, of a user who may log in. */
  live(tokenHash: string, nowMs: number): Promise<LiveSession | undefined>
  /** Only if the user is as he was read. */
  insert(session: SessionRow, user: Pick<UserRow, 'revision'>): Statement
  /** Of one that has not expired. */
  extend(session: Pick<LiveSession, 'token_hash'>, expiresAtMs: number, nowMs: number): Statement
  remove(tokenHash: string): Statement
  removeOf(user: string): Statement
}

export const sessionsTable = (reader: Reader<StateTables>): SessionsTable => {
  const { query } = reader
  const byHash = compileOnce((tokenHash: string, nowMs: number) =>
    query
      .selectFrom('sessions')
      .innerJoin('users', 'users.name', 'sessions.user_name')
      .select(['token_hash', 'sessions.created_at_ms', 'expires_at_ms', 'users.name', 'users.roles'])
      .where('token_hash', '=', tokenHash)
      .where('expires_at_ms', '>', nowMs)
      .where('enabled', '=', 1),
  )
  return {
    live: async (tokenHash, nowMs) => (await reader.all(byHash(tokenHash, nowMs)))[0],
    insert: ({ token_hash, user_name, created_at_ms, expires_at_ms }, { revision }) =>
      statement(
        query
          .insertInto('sessions')
          .columns(['token_hash', 'user_name', 'created_at_ms', 'expires_at_ms'])
          .expression(({ selectFrom, val, cast }) =>
            selectFrom('users')
              .select([
                cast<string>(val(token_hash), 'varchar').as('token_hash'),
                'name',
                cast<number>(val(created_at_ms), 'bigint').as('created_at_ms'),
                cast<number>(val(expires_at_ms), 'bigint').as('expires_at_ms'),
              ])
              .where('name', '=', user_name)
              .where('revision', '=', revision)
              .where('enabled', '=', 1),
          )
          .compile(),
        1,
      ),
    extend: ({ token_hash }, expires_at_ms, nowMs) =>
      statement(
        query
          .updateTable('sessions')
          .set({ expires_at_ms })
          .where('token_hash', '=', token_hash)
          .where('expires_at_ms', '>', nowMs)
          .compile(),
        1,
      ),
    remove: (tokenHash) => statement(query.deleteFrom('sessions').where('token_hash', '=', tokenHash).compile()),
    removeOf: (user) => statement(query.deleteFrom('sessions').where('user_name', '=', user).compile()),
  }
}
