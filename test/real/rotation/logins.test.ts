import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { logInThroughRotations } from './login-load.ts'
import { type Kind, kinds } from './rotated-user.ts'

const loginsPerSecond = 100
const rotations = 5

let server: ScratchServer
let users = 0
beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())

describe.each(Object.keys(kinds) as Kind[])('a hundred logins a second through rotations of %s', (kind) => {
  it('do not fail', async () => {
    const user = `reader${(users += 1)}`
    const { failures, waitsMs } = await logInThroughRotations({ server, kind, user, rotations, loginsPerSecond })
    expect(failures).toEqual([])
    expect(waitsMs.length).toBeGreaterThan(rotations * 0.5 * loginsPerSecond * 0.8)
  })
})
