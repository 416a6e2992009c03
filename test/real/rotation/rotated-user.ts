import { type SecretValue, systemRandom, TextValue } from '@keyplane/core'
import { postgresTwoUsersRotator, postgresUserRotator, type Rotator } from '@keyplane/rotation'
import type { ScratchServer } from '../postgres/scratch-server.ts'

interface RotatorParts {
  readonly admin: SecretValue
  /** For a connection, and for each statement. */
  readonly timeoutMs: number
}

/** How a password of PostgreSQL can be rotated. */
export const kinds = {
  'one user': ({ timeoutMs }: RotatorParts): Rotator => postgresUserRotator({ random: systemRandom, timeoutMs }),
  'one user, by an administrator': ({ admin, timeoutMs }: RotatorParts): Rotator =>
    postgresUserRotator({ random: systemRandom, timeoutMs, admin: async () => admin }),
  'two users': ({ admin, timeoutMs }: RotatorParts): Rotator =>
    postgresTwoUsersRotator({ random: systemRandom, timeoutMs, admin: async () => admin }),
} as const

export type Kind = keyof typeof kinds

/** A value as rotators read it, for a way to the server. */
export const loginOf = (port: number, username: string, password: string): SecretValue =>
  new TextValue(JSON.stringify({ host: '127.0.0.1', port, dbname: 'postgres', username, password }))

/** The superuser's login; by another port where a proxy stands before the server. */
export const superuserOf = (server: ScratchServer, port: number = server.port): SecretValue => {
  const { username, password } = new URL(server.url())
  return loginOf(port, username, decodeURIComponent(password))
}

/** Makes a user with a first password. */
export const makeUser = async (
  server: ScratchServer,
  user: string,
  port: number = server.port,
): Promise<SecretValue> => {
  await server.query(`create role ${user} login password 'first-password'`)
  return loginOf(port, user, 'first-password')
}
