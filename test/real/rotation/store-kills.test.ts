import { seededRandom } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { type Labels, RotatedStore } from './rotated-store.ts'
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

const holders = (labels: Labels, label: string): readonly string[] =>
  Object.keys(labels).filter((id) => labels[id]?.includes(label))

/** One of the versions that were asked for is current, the last one or the one before; the one before that is previous. */
const expectInTurn = (labels: Labels, versions: readonly string[]): void => {
  const [current, ...others] = holders(labels, 'AWSCURRENT')
  expect(others).toEqual([])
  const turn = versions.indexOf(current ?? '')
  expect(turn).toBeGreaterThanOrEqual(Math.max(0, versions.length - 2))
  expect(holders(labels, 'AWSPREVIOUS')).toEqual(versions.slice(0, turn).slice(-1))
  expect([[], versions.slice(-1)]).toContainEqual(holders(labels, 'AWSPENDING'))
}

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
    const asked = [...holders(await store.described(user), 'AWSCURRENT')]
    const rotate = async (): Promise<boolean> => {
      const version = await store.rotate(user, rotator)
      if (version !== undefined) asked.push(version)
      return version !== undefined
    }
    const { logins, refused } = await logInDuring(versions, stages, async () => {
      for (let kill = 0; kill < kills; kill += 1) {
        await rotate()
        await wait(random.unit() * (kill % 3 === 2 ? leaseMs : quickMs))
        await store.kill()
        await store.start()
        const labels = await store.described(user)
        expectInTurn(labels, asked)
        if (holders(labels, 'AWSPENDING').length > 0) interrupted += 1
      }
      // The next one is begun where the one before has ended.
      await expect.poll(rotate, { timeout: 40_000, interval: 500 }).toBe(true)
      const [previous = '', current = ''] = asked.slice(-2)
      const ended = { [previous]: ['AWSPREVIOUS'], [current]: ['AWSCURRENT'] }
      await expect.poll(() => store.described(user), { timeout: 40_000, interval: 500 }).toEqual(ended)
      expect(await store.listed(user)).toEqual(ended)
    })
    console.log(`${user}: ${kills} kills, ${interrupted} of them in a rotation; ${logins} logins, ${refused} refused`)
    expect(refused).toBe(0)
    expect(interrupted).toBeGreaterThan(0)
    expect(logins).toBeGreaterThan(kills)
    expect(await logInByStages(versions, ['current'])).toBe(true)
  })
})
