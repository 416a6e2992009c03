import { type Random, SecretsError } from '@keyplane/core'
import { acceptance } from '../acceptance.ts'
import { type DatabaseLogin, databaseLogin, withDatabaseLogin } from '../database-users/database-login.ts'
import type { DatabaseUsers, UserStatements } from '../database-users/database-users.ts'
import { accountOf, type MysqlAccount, ownAccount, quoted, requireOneWay } from './mysql-accounts.ts'
import { grantsLike } from './mysql-grants.ts'
import { type MysqlQuery, type MysqlReach, withMysql } from './mysql-session.ts'
import { mysqlVerifier, requirePlugin } from './mysql-verifier.ts'

export interface MysqlUsersOptions extends MysqlReach {
  readonly random: Random
}

/**
 * The users of a MariaDB or MySQL, changed under a lock of each user's that ends with the session: what was sent and not
 * heard of is done before. Each statement is a transaction of its own there, so that each may be done again.
 */
export const mysqlUsers = ({ random, ...reach }: MysqlUsersOptions): DatabaseUsers => ({
  // MySQL's; MariaDB takes 80.
  maxNameBytes: 32,
  loginOf: (value) => databaseLogin(value, 3_306),
  withLogin: withDatabaseLogin,
  test: ({ signal }, login) =>
    acceptance('refused_login', () => withMysql(login, { ...reach, signal }, (query) => query('select 1'))),
  change: (call, { by, user, statements }) =>
    acceptance('refused_password', () =>
      withMysql(by, { ...reach, signal: call.signal }, async (query) => {
        await lock(query, user)
        for (const statement of await statements(await statementsOf(query, { by, random }))) {
          call.requireLease()
          await query(statement)
        }
      }),
    ),
})

/** A lock's name has 64 characters at most, a user's 80. */
const lock = async (query: MysqlQuery, user: string): Promise<void> => {
  const sql = "select get_lock(concat('keyplane ', sha1(?)), @@session.lock_wait_timeout) as got"
  const [row] = await query(sql, [user])
  if (row?.['got'] !== 1)
    throw new SecretsError('unavailable', 'Another change of the user is under way.', { reason: 'locked' })
}

const statementsOf = async (
  query: MysqlQuery,
  { by, random }: { readonly by: DatabaseLogin; readonly random: Random },
): Promise<UserStatements> => {
  const [version] = await query('select version() as version')
  const isMariaDb = String(version?.['version']).includes('MariaDB')
  const find = async (user: string): Promise<MysqlAccount | undefined> => {
    const found = await (user === by.user ? ownAccount(query, user) : accountOf(query, user))
    if (found && isMariaDb) await requireOneWay(query, found)
    return found
  }
  const require = async (user: string): Promise<MysqlAccount> => (await find(user)) ?? missing(user)
  const identified = ({ plugin }: MysqlAccount, password: string): string => {
    const known = requirePlugin(plugin)
    return `identified with ${known} as '${mysqlVerifier(known, password, random)}'`
  }
  const newPassword = (account: MysqlAccount, password: string): string => {
    if (!isMariaDb) return `alter user ${quoted(account)} ${identified(account, password)}`
    // What MariaDB lets everybody do with his own account.
    const verifier = mysqlVerifier(requirePlugin(account.plugin ?? 'mysql_native_password'), password, random)
    return `set password for ${quoted(account)} = '${verifier}'`
  }
  return {
    has: async (user) => (await find(user)) !== undefined,
    password: async ({ user, password }) => {
      if (!isMariaDb && user === by.user) throw needsAdmin()
      return [newPassword(await require(user), password)]
    },
    twin: async ({ user, password }, of) => {
      const model = await require(of)
      const twin = (await find(user)) ?? { ...model, user }
      return [
        `create user if not exists ${quoted(twin)} ${identified(twin, password)}`,
        newPassword(twin, password),
        ...(await grantsLike(query, { from: model, to: twin })),
      ]
    },
  }
}

const missing = (user: string): never => {
  throw new SecretsError('source_misconfigured', `There is no user ${JSON.stringify(user)} on the server.`, {
    reason: 'missing_user',
  })
}

const needsAdmin = (): SecretsError =>
  new SecretsError(
    'source_misconfigured',
    'MySQL lets nobody set his own password without telling it: an administrator does.',
    {
      reason: 'needs_admin',
    },
  )
