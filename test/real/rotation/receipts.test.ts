import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@keyplane/core'
import {
  type Canary,
  type Rotation,
  type RotationAlert,
  type RotationEngine,
  type RotationPolicy,
  type RotationRunner,
  rotationEngine,
  startRotationRunner,
} from '@keyplane/rotation'
import { type MemoryVersions, memoryVersions } from '@keyplane/rotation/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { type ConsumerProcess, ConsumerProcesses } from './consumer-processes.ts'
import { type JournalFile, journalFile } from './journal-file.ts'
import { kinds, makeUser, superuserOf } from './rotated-user.ts'
import { accepts } from './stored-logins.ts'

const secretId = 'prod/db'
const database = 'orders'
/** Of these the rotation that is called so gives the new version to `b` first, and to no other. */
const ids = ['a', 'b', 'c']
const rotationId = 'rotation 6'

let server: ScratchServer
let folder: string
let file: JournalFile
let versions: MemoryVersions
let consumers: ConsumerProcesses
let alerts: RotationAlert[]
let runner: RotationRunner | undefined
let user: string
let users = 0

beforeAll(async () => {
  server = await ScratchServer.start()
  await server.createDatabase(database)
})
afterAll(() => server.stop())
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-receipts-'))
  file = await journalFile(join(folder, 'rotation.db'))
  user = `consumed${(users += 1)}`
  versions = memoryVersions({ versionId: 'v0', value: await makeUser(server, user) })
  consumers = new ConsumerProcesses({ secretId, versions, database, ...file })
  alerts = []
})
afterEach(async () => {
  await runner?.stop()
  await consumers.stop()
  await file.close()
  rmSync(folder, { recursive: true })
})

const rotator = () => kinds['two users']({ admin: superuserOf(server), timeoutMs: 5_000 })
/** An engine that carries on what is begun. */
const startEngine = (policy: Partial<RotationPolicy> = {}): RotationEngine => {
  const { journal, receipts } = file
  const observer = { alert: (alert: RotationAlert) => void alerts.push(alert) }
  const clocks = { clock: systemClock, random: systemRandom }
  const engine = rotationEngine({ journal, receipts, versions, rotators: [rotator()], policy, observer, ...clocks })
  runner = startRotationRunner({ engine, journal, clock: systemClock, everyMs: 1_000 })
  return engine
}
const begin = async (engine: RotationEngine, canary?: Canary): Promise<Rotation> => {
  const named = canary ? { canary, rotationId } : {}
  const rotation = await engine.begin({ secretId, rotator: rotator().name, ...named })
  runner?.wake()
  return rotation
}
const rotationNow = async (): Promise<Rotation | undefined> => (await file.journal.load(secretId))?.rotation

const until = async <T>(what: string, look: () => Promise<T | undefined>, withinMs = 40_000): Promise<T> => {
  for (const endMs = Date.now() + withinMs; Date.now() < endMs; ) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`It is not ${what} in time.`)
}
const untilState = <State extends Rotation['state']>(state: State) =>
  until(state, async () => {
    const rotation = await rotationNow()
    return rotation?.state === state ? (rotation as Extract<Rotation, { readonly state: State }>) : undefined
  })
/** Waits until so many use a version, by what they have said. */
const untilUsed = (versionId: string, count: number) =>
  until(`used by ${count}`, async () => {
    const known = await file.receipts.of(secretId)
    return known.filter((one) => one.versionId === versionId && one.usedAtMs > 0).length === count || undefined
  })
const startConsumers = async (): Promise<readonly [ConsumerProcess, ConsumerProcess, ConsumerProcess]> => {
  const [a, b, c] = ids.map((id) => consumers.start(id))
  if (!a || !b || !c) throw new Error('There are not three.')
  await untilUsed('v0', 3)
  return [a, b, c]
}

describe('two users of PostgreSQL in turn, and three processes that log in as them', () => {
  it('keep the old password until the grace period is over where one process is frozen, and the alert names it', {
    timeout: 120_000,
  }, async () => {
    const graceMs = 15_000
    const [frozen, killed] = await startConsumers()
    const old = await versions.current()
    const engine = startEngine({ graceMs })
    frozen.child.kill('SIGSTOP')
    const { rotationId: first } = await begin(engine)
    const { verifiedAtMs } = await untilState('verified')
    const pending = (await versions.current()).versionId
    while ((await rotationNow())?.state === 'verified') {
      expect(await accepts(old.value), 'the old password is accepted').toBe(true)
      // The next rotation would end it.
      expect((await begin(engine)).rotationId).toBe(first)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    const ended = await untilState('finished')
    expect(ended.endedAtMs - verifiedAtMs).toBeGreaterThanOrEqual(graceMs)
    const alerted = await until('told', async () => alerts[0])
    expect([alerted.kind, alerted.laggards]).toEqual(['unacknowledged', [{ id: 'a', name: 'consumer a' }]])

    frozen.child.kill('SIGCONT')
    await untilUsed(pending, 3)
    killed.child.kill('SIGKILL')
    await begin(engine)
    const again = await untilState('verified')
    const { endedAtMs } = await untilState('finished')
    expect(endedAtMs - again.verifiedAtMs).toBeLessThan(graceMs * 0.7)
    expect(alerts).toHaveLength(1)
    expect(await accepts(old.value), 'the old password is accepted no more').toBe(false)
    expect(consumers.failures).toEqual([])
    for (const { logins } of consumers.all) expect(logins.length).toBeGreaterThan(20)
  })

  describe('with a canary', () => {
    /** The clone is not let in where the consumers log in; where the rotator tests it, it is. */
    const shutOut = async (): Promise<void> => {
      const path = join(server.data, 'pg_hba.conf')
      writeFileSync(path, `host ${database} ${user}_clone 127.0.0.1/32 reject\n${readFileSync(path, 'utf8')}`)
      await server.query('select pg_reload_conf()')
    }

    it('that is refused take it back within 30 seconds, and no login fails', {
      timeout: 120_000,
    }, async () => {
      await startConsumers()
      await shutOut()
      const engine = startEngine()
      await begin(engine, { percent: 50, observeMs: 120_000, maxRefusals: 0 })
      const isRefused = async () => (await file.receipts.of(secretId)).some(({ refusals }) => refusals > 0) || undefined
      await until('refused', isRefused)
      const refusedMs = Date.now()
      const rotation = await untilState('rolled-back')
      expect(rotation.cause).toBe('canary')
      const tookMs = Date.now() - refusedMs
      console.info(`A canary that failed was taken back ${tookMs} ms after its first refusal was told.`)
      expect(tookMs).toBeLessThan(30_000)
      expect(alerts.map(({ kind }) => kind)).toEqual(['rolled_back'])
      expect((await versions.current()).versionId).toBe('v0')
      const refused = (await file.receipts.of(secretId)).filter(
        ({ versionId }) => versionId === rotation.pendingVersion,
      )
      expect(refused.map(({ consumer, usedAtMs }) => [consumer.id, usedAtMs])).toEqual([['b', 0]])
      expect(consumers.failures).toEqual([])
    })

    it('that fares well give the new version to all after its time, and no login fails', {
      timeout: 120_000,
    }, async () => {
      await startConsumers()
      const engine = startEngine()
      await begin(engine, { percent: 50, observeMs: 5_000, maxRefusals: 0 })
      const { pendingVersion } = await untilState('canary')
      await untilUsed(pendingVersion, 1)
      expect((await versions.current()).versionId).toBe('v0')
      await untilState('finished')
      await untilUsed(pendingVersion, 3)
      expect(consumers.failures).toEqual([])
    })
  })
})
