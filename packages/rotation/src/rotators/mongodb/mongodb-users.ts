import { SecretsError } from '@keyplane/core'
import type { Db, Document } from 'mongodb'
import { acceptance } from '../acceptance.ts'
import { databaseLogin, withDatabaseLogin } from '../database-users/database-login.ts'
import type { DatabaseUsers, UserStatements } from '../database-users/database-users.ts'
import { type MongodbReach, withMongodb } from './mongodb-session.ts'

/**
 * The users of a MongoDB, each kept in the database that the value names as `dbname`, `admin` where it names none. The
 * server has no lock to hold over a change: each command is atomic there, and the server ends it after `timeoutMs`, so that
 * one of a process that was given up is over before the process's lease. What a network holds back for longer comes late.
 *
 * **Unverified against a real server.**
 */
export const mongodbUsers = (reach: MongodbReach): DatabaseUsers<Document> => ({
  maxNameBytes: Number.POSITIVE_INFINITY,
  loginOf: (value) => {
    const login = databaseLogin(value, 27_017)
    const { database = 'admin' } = login
    return { ...login, database, userDatabase: database }
  },
  withLogin: withDatabaseLogin,
  test: ({ signal }, login) =>
    acceptance('refused_login', () => withMongodb(login, { ...reach, signal }, (db) => db.command({ ping: 1 }))),
  change: async (call, { by, statements }) =>
    withMongodb(by, { ...reach, signal: call.signal }, async (db) => {
      const { timeoutMs = 5_000 } = reach
      for (const command of await statements(statementsOf(db))) {
        call.requireLease()
        // What a majority has is not undone by an election.
        await db.command({ ...command, writeConcern: { w: 'majority', wtimeout: timeoutMs }, maxTimeMS: timeoutMs })
      }
      return 'accepted' as const
    }),
})

const statementsOf = (db: Db): UserStatements<Document> => {
  const find = async (user: string, more: Document = {}): Promise<Document | undefined> =>
    ((await db.command({ usersInfo: { user, db: db.databaseName }, ...more }))['users'] as Document[])[0]
  const require = async (user: string, more?: Document): Promise<Document> => (await find(user, more)) ?? missing(user)
  return {
    has: async (user) => (await find(user)) !== undefined,
    password: async ({ user, password }) => [{ updateUser: user, pwd: password, ...mechanismsOf(await require(user)) }],
    twin: async ({ user, password }, of) => {
      const model = await require(of, { showAuthenticationRestrictions: true })
      const twin = await find(user)
      const rights = { pwd: password, ...mechanismsOf(model), roles: model['roles'] as unknown }
      if (!twin) return [{ createUser: user, ...rights, ...restrictionsOf(model) }]
      const roles = missingRoles(model, twin)
      return [
        ...(roles.length > 0 ? [{ grantRolesToUser: user, roles }] : []),
        { updateUser: user, pwd: password, ...mechanismsOf(twin) },
      ]
    },
  }
}

/** Without it, a new password brings back each way to log in that the server has, SCRAM-SHA-1 too. */
const mechanismsOf = ({ mechanisms }: Document): Document => (mechanisms === undefined ? {} : { mechanisms })

/** Told in a list for each place that they come from. */
const restrictionsOf = ({ authenticationRestrictions = [] }: Document): Document => {
  const restrictions = (authenticationRestrictions as Document[]).flat()
  return restrictions.length > 0 ? { authenticationRestrictions: restrictions } : {}
}

interface Role {
  readonly role: string
  readonly db: string
}

const missingRoles = (model: Document, twin: Document): readonly Role[] => {
  const nameOf = ({ role, db }: Role): string => JSON.stringify([db, role])
  const has = new Set((twin['roles'] as Role[]).map(nameOf))
  return (model['roles'] as Role[]).filter((role) => !has.has(nameOf(role)))
}

const missing = (user: string): never => {
  throw new SecretsError('source_misconfigured', `There is no user ${JSON.stringify(user)} on the server.`, {
    reason: 'missing_user',
  })
}
