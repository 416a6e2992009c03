import { type SecretValue, systemClock, systemRandom, TextValue } from '@keyplane/core'
import type { RotatorCall } from '@keyplane/rotation'
import type { RotatorFixture } from '@keyplane/rotation/testing'
import { CuttingProxy } from '../postgres/cutting-proxy.ts'
import { engines, type Kind, kinds, makeUser, type RotatedDatabase, superuserOf } from './rotated-user.ts'
import { accepts } from './stored-logins.ts'

export interface Login {
  readonly engine: string
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly dbname?: string
  readonly ssl?: boolean
}

export const loginOf = (value: SecretValue): Login => JSON.parse(String(value.reveal())) as Login

/** The value with other members in it. */
export const changed = (value: SecretValue, more: Readonly<Record<string, unknown>>): SecretValue =>
  new TextValue(JSON.stringify({ ...loginOf(value), ...more }))

export interface DatabaseFixture extends RotatorFixture {
  readonly stop: () => Promise<void>
  /** The way that the rotator has to the server. */
  readonly proxy: CuttingProxy
  readonly user: string
}

let users = 0

/** A rotator of one of the kinds, and a user of its own at the server; whether a login is accepted is asked there. */
export const databaseFixture = async (server: RotatedDatabase, kind: Kind): Promise<DatabaseFixture> => {
  const user = `app${(users += 1)}`
  const proxy = new CuttingProxy(server.port)
  const port = await proxy.listen()
  return {
    user,
    proxy,
    rotator: kinds[kind]({ admin: superuserOf(server, port), timeoutMs: 1_000 }),
    first: await makeUser(server, user, port),
    clock: systemClock,
    random: systemRandom,
    accepts: (value) => accepts(changed(value, { port: server.port })),
    holdsTwo: kind === 'two users',
    lower: () => server.pause(),
    raise: () => server.resume(),
    meddle: async () => {
      await server.query(engines[server.engine].changing(user, 'somebody-elses'))
    },
    stop: async () => proxy.close(),
  }
}

export const callOf = (pendingVersion: string): RotatorCall => ({
  secretId: 'prod/db',
  rotationId: 'r',
  pendingVersion,
  fence: 1,
  signal: new AbortController().signal,
  requireLease: () => undefined,
})
