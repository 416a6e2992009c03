import type { Random } from '@keyplane/core'
import type { Client } from 'pg'
import { acceptance } from '../acceptance.ts'
import { databaseLogin, withDatabaseLogin } from '../database-users/database-login.ts'
import type { DatabaseUsers, UserStatements } from '../database-users/database-users.ts'
import { type PostgresReach, withPostgres } from './postgres-session.ts'
import { postgresUrlLogin, withPostgresUrlLogin } from './postgres-url.ts'
import { refusedVerifier } from './refused-verifier.ts'
import { scramVerifier } from './scram-verifier.ts'

export interface PostgresUsersOptions extends PostgresReach {
  readonly random: Random
}

/**
 * The users of a PostgreSQL, changed in transactions under an advisory lock of each user's: a commit that was sent and not
 * heard of holds it, so that whoever comes after sees what it left.
 */
export const postgresUsers = ({ random, ...reach }: PostgresUsersOptions): DatabaseUsers => ({
  maxNameBytes: 63,
  loginOf: (value) => postgresUrlLogin(value) ?? databaseLogin(value, 5_432),
  withLogin: (value, login) => withPostgresUrlLogin(value, login) ?? withDatabaseLogin(value, login),
  test: ({ signal }, login) =>
    acceptance('refused_login', () => withPostgres(login, { ...reach, signal }, (client) => client.query('select 1'))),
  change: async (call, { by, user, statements }) => {
    await withPostgres(by, { ...reach, signal: call.signal }, async (client) => {
      await client.query('begin')
      await client.query(lockedIn, [`keyplane rotation of ${user}`])
      const wanted = await statements(statementsOf(client, random))
      call.requireLease()
      for (const statement of wanted) await client.query(statement).catch(refusedVerifier(statement, by))
      // Sent on its own, once all else was answered: a connection that is cut before leaves nothing.
      call.requireLease()
      await client.query('commit')
    })
    // What is checked here is a verifier, of which none is better than another: none is refused for its password.
    return 'accepted'
  },
})

/**
 * The value names the database, and the database's owner says where unqualified names lead: with functions of his own he
 * would do there what the administrator may.
 */
const lockedIn = `select pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
  pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))`

const member = `select 1 from pg_catalog.pg_auth_members m
  join pg_catalog.pg_roles u on u.oid = m.member join pg_catalog.pg_roles g on g.oid = m.roleid
  where u.rolname = $1 and g.rolname = $2`

const statementsOf = (client: Client, random: Random): UserStatements => {
  const named = (user: string): string => client.escapeIdentifier(user)
  // `PASSWORD` takes no parameter: the statement has what the server would make of the password.
  const password = (text: string): string =>
    `password ${client.escapeLiteral(scramVerifier(text, { salt: random.bytes(16) }))}`
  const say: UserStatements = {
    has: async (user) =>
      (await client.query('select 1 from pg_catalog.pg_roles where rolname = $1', [user])).rows.length > 0,
    password: async (login) => [`alter role ${named(login.user)} ${password(login.password)}`],
    twin: async (login, of) => {
      const isThere = await say.has(login.user)
      const isMember = isThere && (await client.query(member, [login.user, of])).rows.length > 0
      return [
        ...(isThere
          ? await say.password(login)
          : [`create role ${named(login.user)} with login ${password(login.password)}`]),
        ...(isMember ? [] : [`grant ${named(of)} to ${named(login.user)}`]),
      ]
    },
  }
  return say
}
