import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import type { ConsumerProcess } from './consumer-processes.ts'
import { redisAccepts } from './redis-login.ts'
import { startRedisTarget } from './redis-target.ts'
import { kinds, makeUser, superuserOf } from './rotated-user.ts'
import { accepts } from './stored-logins.ts'
import { until, WatchedRotation } from './watched-rotation.ts'

const database = 'orders'
/** Of these the rotation that is called so gives the new version to `b` first, and to no other. */
const ids = ['a', 'b', 'c']
const rotationId = 'rotation 6'
const graceMs = 15_000
/** By then all that report have been looked at. */
const soonMs = graceMs * 0.7
const minutes = { timeout: 120_000 } as const

let server: ScratchServer
let world: WatchedRotation
let users = 0

beforeAll(async () => {
  server = await ScratchServer.start()
  await server.createDatabase(database)
})
afterAll(() => server.stop())
afterEach(() => world.stop())

const startConsumers = async (): Promise<readonly [ConsumerProcess, ConsumerProcess, ConsumerProcess]> => {
  const [a, b, c] = ids.map((id) => world.consumers.start(id))
  if (!a || !b || !c) throw new Error('There are not three.')
  await world.untilUsed('v0', 3)
  return [a, b, c]
}
const startTwoUsers = async (policy = {}): Promise<string> => {
  const user = `consumed${(users += 1)}`
  const rotator = kinds['two users']({ admin: superuserOf(server), timeoutMs: 5_000 })
  world = await WatchedRotation.start({ first: await makeUser(server, user), rotator, policy, database })
  return user
}
/** The alert that names the one that was frozen. */
const alertOfFrozen = ['unacknowledged', [{ id: 'a', name: 'consumer a' }]]

describe('three processes that log in as two users of PostgreSQL in turn', () => {
  it(
    'keep the old password until the grace period is over where one is frozen, and the alert names it',
    minutes,
    async () => {
      await startTwoUsers({ graceMs })
      const [frozen, killed] = await startConsumers()
      const old = await world.versions.current()
      frozen.child.kill('SIGSTOP')
      const first = await world.begin()
      const { verifiedAtMs } = await world.untilState('verified')
      while ((await world.state()) === 'verified') {
        expect(await accepts(old.value), 'the old password is accepted').toBe(true)
        // The next rotation would end it.
        expect((await world.begin()).rotationId).toBe(first.rotationId)
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
      const { endedAtMs } = await world.untilState('finished')
      expect(endedAtMs - verifiedAtMs).toBeGreaterThanOrEqual(graceMs)
      const alert = await until('told', async () => world.alerts[0])
      expect([alert.kind, alert.laggards]).toEqual(alertOfFrozen)

      frozen.child.kill('SIGCONT')
      await world.untilUsed(first.pendingVersion, 3)
      killed.child.kill('SIGKILL')
      await world.begin()
      const again = await world.untilState('verified')
      expect((await world.untilState('finished')).endedAtMs - again.verifiedAtMs).toBeLessThan(soonMs)
      expect(world.alerts).toHaveLength(1)
      expect(await accepts(old.value), 'the old password is accepted no more').toBe(false)
      expect(world.consumers.failures).toEqual([])
      for (const { logins } of world.consumers.all) expect(logins.length).toBeGreaterThan(20)
    },
  )

  it('take a canary back within 30 seconds that is refused, and no login fails', minutes, async () => {
    const user = await startTwoUsers()
    await startConsumers()
    // Not let in where the consumers log in; where the rotator tests him, he is.
    const rules = join(server.data, 'pg_hba.conf')
    writeFileSync(rules, `host ${database} ${user}_clone 127.0.0.1/32 reject\n${readFileSync(rules, 'utf8')}`)
    await server.query('select pg_reload_conf()')
    await world.begin({ rotationId, canary: { percent: 50, observeMs: 120_000, maxRefusals: 0 } })
    await until('refused', async () => (await world.receipts()).some(({ refusals }) => refusals > 0) || undefined)
    const refusedMs = Date.now()
    const { cause, pendingVersion } = await world.untilState('rolled-back')
    const tookMs = Date.now() - refusedMs
    console.info(`A canary was taken back ${tookMs} ms after its first refusal was told.`)
    expect(cause).toBe('canary')
    expect(tookMs).toBeLessThan(30_000)
    expect(world.alerts.map(({ kind }) => kind)).toEqual(['rolled_back'])
    expect((await world.versions.current()).versionId).toBe('v0')
    const tried = (await world.receipts()).filter(({ versionId }) => versionId === pendingVersion)
    expect(tried.map(({ consumer, usedAtMs }) => [consumer.id, usedAtMs])).toEqual([['b', 0]])
    expect(world.consumers.failures).toEqual([])
  })

  it('have a canary that fares well after its time, and no login fails', minutes, async () => {
    await startTwoUsers()
    await startConsumers()
    const { pendingVersion } = await world.begin({
      rotationId,
      canary: { percent: 50, observeMs: 5_000, maxRefusals: 0 },
    })
    await world.untilState('canary')
    await world.untilUsed(pendingVersion, 1)
    expect((await world.versions.current()).versionId).toBe('v0')
    await world.untilState('finished')
    await world.untilUsed(pendingVersion, 3)
    expect(world.consumers.failures).toEqual([])
  })
})

describe('three processes that log in as a user of Redis', () => {
  it(
    'have the old password taken away after the grace period where one is frozen, which goes on with the new one',
    minutes,
    async () => {
      const target = await startRedisTarget()
      try {
        world = await WatchedRotation.start({ first: target.first, rotator: target.rotator, policy: { graceMs } })
        const [frozen] = await startConsumers()
        frozen.child.kill('SIGSTOP')
        const { pendingVersion } = await world.begin()
        const { retireAtMs } = await world.untilState('verified')
        while (Date.now() < retireAtMs - 500) {
          expect(await redisAccepts(target.first), 'the old password is accepted').toBe(true)
          await new Promise((resolve) => setTimeout(resolve, 250))
        }
        await world.untilState('finished')
        expect(await redisAccepts(target.first)).toBe(false)
        const alert = await until('told', async () => world.alerts[0])
        expect([alert.kind, alert.laggards]).toEqual(alertOfFrozen)
        frozen.child.kill('SIGCONT')
        await world.untilUsed(pendingVersion, 3)
        await world.begin()
        const { verifiedAtMs } = await world.untilState('verified')
        expect((await world.untilState('finished')).endedAtMs - verifiedAtMs).toBeLessThan(soonMs)
        expect(world.alerts).toHaveLength(1)
        expect(world.consumers.failures).toEqual([])
      } finally {
        await target.stop?.()
      }
    },
  )
})
