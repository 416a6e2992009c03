import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchMariaDb } from '../mariadb/scratch-mariadb.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { logInThroughRotations } from './login-load.ts'
import { kindNames, type RotatedServer } from './rotated-user.ts'

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

  it.each(kindNames)('do not fail through rotations of %s', async (kind) => {
    const user = `reader${(users += 1)}`
    const { failures, waitsMs } = await logInThroughRotations({ server, kind, user, rotations, loginsPerSecond })
    expect(failures).toEqual([])
    expect(waitsMs.length).toBeGreaterThan(rotations * 0.5 * loginsPerSecond * 0.8)
  })
})
