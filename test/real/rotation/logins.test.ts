import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchMariaDb } from '../mariadb/scratch-mariadb.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { type ClientName, type LoginLoad, logInThroughRotations } from './login-load.ts'
import { type Kind, kindNames, type RotatedServer } from './rotated-user.ts'

const loginsPerSecond = 100
const rotations = 5
const starts: readonly [string, () => Promise<RotatedServer>][] = [
  ['PostgreSQL', () => ScratchServer.start()],
  ['MariaDB', () => ScratchMariaDb.start()],
]

describe.each(starts)('a hundred logins a second to %s', (_, start) => {
  let server: RotatedServer
  let users = 0
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  const loaded = (kind: Kind, client: ClientName, everyMs: number): Promise<LoginLoad> => {
    const user = `reader${(users += 1)}`
    return logInThroughRotations({ server, kind, client, user, rotations, everyMs, loginsPerSecond })
  }

  it.each(kindNames)('by withSecret do not fail through rotations of %s', async (kind) => {
    const { failures, waitsMs } = await loaded(kind, 'withSecret, cached for an hour', 500)
    expect(failures).toEqual([])
    expect(waitsMs.length).toBeGreaterThan(rotations * 0.5 * loginsPerSecond * 0.8)
  })

  it.each<[ClientName, number]>([
    ['read for each login', 500],
    ['read, cached for half a second', 1_500],
  ])('with what is %s do not fail while two users take turns, without a second try', async (client, everyMs) => {
    const { failures, waitsMs } = await loaded('two users', client, everyMs)
    expect(failures).toEqual([])
    expect(waitsMs.length).toBeGreaterThan(((rotations * everyMs) / 1_000) * loginsPerSecond * 0.8)
  })

  it('fail with what is cached for longer than from one rotation of two users to the next', async () => {
    const { failures } = await loaded('two users', 'read, cached for an hour', 500)
    expect(failures).not.toEqual([])
  })
})
