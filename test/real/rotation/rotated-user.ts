import { type SecretValue, systemClock, systemRandom, TextValue } from '@keyplane/core'
import {
  httpKeyRotator,
  type MysqlTwoUsersOptions,
  type MysqlUserOptions,
  mysqlTwoUsersRotator,
  mysqlUserRotator,
  type PostgresTwoUsersOptions,
  type PostgresUserOptions,
  postgresTwoUsersRotator,
  postgresUserRotator,
  type Rotator,
  redisUserRotator,
} from '@keyplane/rotation'
import { keyCalls } from '../../../examples/rotation-http-key/key-calls.ts'
import type { ScratchMariaDb } from '../mariadb/scratch-mariadb.ts'
import type { ScratchServer } from '../postgres/scratch-server.ts'
import type { ScratchRedis } from '../redis/scratch-redis.ts'

export type RotatedDatabase = ScratchServer | ScratchMariaDb

/** A server of the test's own whose users are rotated. */
export type RotatedServer = RotatedDatabase | ScratchRedis

export type Engine = RotatedServer['engine']
export type DatabaseEngine = RotatedDatabase['engine']

interface RotatorParts {
  readonly admin: SecretValue
  /** For a connection, and for each statement. */
  readonly timeoutMs: number
}

interface EngineFacts {
  /** A database that every user may log in to. */
  readonly dbname?: string
  readonly making: (user: string, password: string) => string
  readonly changing: (user: string, password: string) => string
}

export const engines: Readonly<Record<Engine, EngineFacts>> = {
  postgres: {
    dbname: 'postgres',
    making: (user, password) => `create role ${user} login password '${password}'`,
    changing: (user, password) => `alter role ${user} password '${password}'`,
  },
  mariadb: {
    making: (user, password) => `create user ${user} identified by '${password}'`,
    changing: (user, password) => `alter user ${user} identified by '${password}'`,
  },
  redis: {
    making: (user, password) => `acl setuser ${user} on >${password} ~${user}:* +get`,
    changing: (user, password) => `acl setuser ${user} resetpass >${password}`,
  },
}

interface DatabaseRotators {
  readonly oneUser: (options: MysqlUserOptions & PostgresUserOptions) => Rotator
  readonly twoUsers: (options: MysqlTwoUsersOptions & PostgresTwoUsersOptions) => Rotator
}

const databaseRotators: Readonly<Record<DatabaseEngine, DatabaseRotators>> = {
  postgres: { oneUser: postgresUserRotator, twoUsers: postgresTwoUsersRotator },
  mariadb: { oneUser: mysqlUserRotator, twoUsers: mysqlTwoUsersRotator },
}

const rotatorsOf = (value: SecretValue): DatabaseRotators =>
  databaseRotators[(JSON.parse(String(value.reveal())) as { engine: DatabaseEngine }).engine]

/** How a password can be rotated, at the server that the administrator's login names. */
export const kinds = {
  'one user': ({ admin, timeoutMs }: RotatorParts): Rotator =>
    rotatorsOf(admin).oneUser({ random: systemRandom, timeoutMs }),
  'one user, by an administrator': ({ admin, timeoutMs }: RotatorParts): Rotator =>
    rotatorsOf(admin).oneUser({ random: systemRandom, timeoutMs, admin: async () => admin }),
  'two users': ({ admin, timeoutMs }: RotatorParts): Rotator =>
    rotatorsOf(admin).twoUsers({ random: systemRandom, timeoutMs, admin: async () => admin }),
  'a user with two passwords': ({ admin, timeoutMs }: RotatorParts): Rotator =>
    redisUserRotator({ random: systemRandom, timeoutMs, admin: async () => admin }),
  // Its keys make and remove each other: of an administrator only the address is wanted.
  'a key of an HTTP API': ({ admin }: RotatorParts): Rotator => {
    const { endpoint } = JSON.parse(String(admin.reveal())) as { readonly endpoint: string }
    return httpKeyRotator({ endpoint, clock: systemClock, ...keyCalls('{{by.key}}') })
  },
} as const

export type Kind = keyof typeof kinds

/** Those of databases. */
export const kindNames: readonly Kind[] = ['one user', 'one user, by an administrator', 'two users']

/** Whether the target accepts old and new side by side, so that the current one is accepted at every moment. */
export const overlaps = (kind: Kind): boolean => !kind.startsWith('one user')

/** A value as rotators read it; by another port where a proxy stands before the server. */
export const valueOf = (
  { engine, port: ownPort }: RotatedServer,
  username: string,
  password: string,
  port: number = ownPort,
): SecretValue => {
  const { dbname } = engines[engine]
  return new TextValue(JSON.stringify({ engine, host: '127.0.0.1', port, dbname, username, password }))
}

/** The superuser's login. */
export const superuserOf = (server: RotatedServer, port: number = server.port): SecretValue => {
  const { username, password } = new URL(server.url())
  return valueOf(server, username, decodeURIComponent(password), port)
}

/** Makes a user with a first password. */
export const makeUser = async (
  server: RotatedServer,
  user: string,
  port: number = server.port,
): Promise<SecretValue> => {
  await server.query(engines[server.engine].making(user, 'first-password'))
  return valueOf(server, user, 'first-password', port)
}
