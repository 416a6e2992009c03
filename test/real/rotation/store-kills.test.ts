import { seededRandom } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { RotatedStore } from './rotated-store.ts'
import { makeUser, superuserOf } from './rotated-user.ts'
import { logInByStages, logInDuring, type Stage } from './stored-logins.ts'

const kills = Number(process.env['KEYPLANE_STORE_KILLS'] ?? 6)
/** A rotation of a store takes about this long; one that was left behind goes on after the lease of who died. */
const [quickMs, leaseMs] = [250, 12_000]

let server: ScratchServer
const store = new RotatedStore()
beforeAll(async () => {
  server = await ScratchServer.start()
  await store.start()
})
afterAll(async () => {
  await store.remove()
  await server.stop()
})
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const all: readonly Stage[] = ['current', 'pending', 'previous']

describe.each([
  { what: 'one user of PostgreSQL', user: 'killed_one', rotator: 'postgres-user', stages: all, master: false },
  { what: 'one, by an administrator', user: 'killed_by', rotator: 'postgres-user', stages: all, master: true },
  // Of two users the one that is current is accepted at every moment.
  { what: 'two', user: 'killed_two', rotator: 'postgres-two-users', stages: ['current'] as const, master: true },
])('a store that rotates $what', ({ user, rotator, stages, master }) => {
  it('and is killed at any moment goes on after its next start, with a login that is accepted at every moment', {
    timeout: 60_000 + kills * 20_000,
  }, async () => {
    const masterarn = await store.create(`master/${user}`, String(superuserOf(server).reveal()))
    const login = { ...JSON.parse(String((await makeUser(server, user)).reveal())), ...(master && { masterarn }) }
    await store.create(user, JSON.stringify(login))
    const random = seededRandom(kills)
    const versions = store.stagesOf(user)
    let interrupted = 0
    const { logins, refused } = await logInDuring(versions, stages, async () => {
      for (let kill = 0; kill < kills; kill += 1) {
        await store.rotate(user, rotator)
        await wait(random.unit() * (kill % 3 === 2 ? leaseMs : quickMs))
        await store.kill()
        await store.start()
        if ((await store.facts(user)).isPending) interrupted += 1
      }
      const { rotatedAtMs: before } = await store.facts(user)
      const isRotated = async (): Promise<boolean> => {
        await store.rotate(user, rotator)
        return (await store.facts(user)).rotatedAtMs > before
      }
      await expect.poll(isRotated, { timeout: 40_000, interval: 500 }).toBe(true)
      await expect.poll(async () => (await store.facts(user)).isPending, { timeout: 40_000, interval: 500 }).toBe(false)
    })
    console.log(`${user}: ${kills} kills, ${interrupted} of them in a rotation; ${logins} logins, ${refused} refused`)
    expect(refused).toBe(0)
    expect(interrupted).toBeGreaterThan(0)
    expect(logins).toBeGreaterThan(kills)
    expect(await logInByStages(versions, ['current'])).toBe(true)
  })
})
