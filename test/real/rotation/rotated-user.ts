import { type SecretValue, systemRandom, TextValue } from '@keyplane/core'
import {
  type MysqlTwoUsersOptions,
  type MysqlUserOptions,
  mysqlTwoUsersRotator,
  mysqlUserRotator,
  type PostgresTwoUsersOptions,
  type PostgresUserOptions,
  postgresTwoUsersRotator,
  postgresUserRotator,
  type Rotator,
} from '@keyplane/rotation'
import type { ScratchMariaDb } from '../mariadb/scratch-mariadb.ts'
import type { ScratchServer } from '../postgres/scratch-server.ts'

/** A server of the test's own whose users are rotated. */
export type RotatedServer = ScratchServer | ScratchMariaDb

export type Engine = RotatedServer['engine']

interface RotatorParts {
  readonly admin: SecretValue
  /** For a connection, and for each statement. */
  readonly timeoutMs: number
}

interface EngineFacts {
  readonly oneUser: (options: MysqlUserOptions & PostgresUserOptions) => Rotator
  readonly twoUsers: (options: MysqlTwoUsersOptions & PostgresTwoUsersOptions) => Rotator
  /** A database that every user may log in to. */
  readonly dbname?: string
  readonly making: (user: string, password: string) => string
  readonly changing: (user: string, password: string) => string
}

export const engines: Readonly<Record<Engine, EngineFacts>> = {
  postgres: {
    oneUser: postgresUserRotator,
    twoUsers: postgresTwoUsersRotator,
    dbname: 'postgres',
    making: (user, password) => `create role ${user} login password '${password}'`,
    changing: (user, password) => `alter role ${user} password '${password}'`,
  },
  mariadb: {
    oneUser: mysqlUserRotator,
    twoUsers: mysqlTwoUsersRotator,
    making: (user, password) => `create user ${user} identified by '${password}'`,
    changing: (user, password) => `alter user ${user} identified by '${password}'`,
  },
}

/** How a password can be rotated, at the server that the administrator's login names. */
export const kinds = {
  'one user': ({ admin, timeoutMs }: RotatorParts): Rotator =>
    factsOf(admin).oneUser({ random: systemRandom, timeoutMs }),
  'one user, by an administrator': ({ admin, timeoutMs }: RotatorParts): Rotator =>
    factsOf(admin).oneUser({ random: systemRandom, timeoutMs, admin: async () => admin }),
  'two users': ({ admin, timeoutMs }: RotatorParts): Rotator =>
    factsOf(admin).twoUsers({ random: systemRandom, timeoutMs, admin: async () => admin }),
} as const

const factsOf = (value: SecretValue): EngineFacts =>
  engines[(JSON.parse(String(value.reveal())) as { engine: Engine }).engine]

export type Kind = keyof typeof kinds

export const kindNames: readonly Kind[] = Object.keys(kinds) as Kind[]

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
