import { seededRandom } from '@keyplane/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { bareEnvironment, keyplane } from '../../../packages/cli/test/keyplane-process.ts'
import { RealPlane } from '../start-plane.ts'
import { checkDatabase } from './check-database.ts'
import { checkCurrent, checkWrites } from './check-writes.ts'
import { type Write, WriteStorm } from './write-storm.ts'

const wantedKills = Number(process.env['KEYPLANE_KILLS'] ?? 50)
const boundMs = 240_000
const seed = Date.now() % 1_000_000

const plane = new RealPlane()
afterAll(() => plane.remove())
const random = seededRandom(seed)
const below = (bound: number): number => (random.bytes(2)[0]! * 256 + random.bytes(1)[0]!) % bound
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A start that is cut off: the recovery of what the last kill left is killed too. */
const killDuringStart = async (): Promise<void> => {
  const starting = keyplane(['store', '--port', '0'], { cwd: plane.cwd, env: bareEnvironment(plane.cwd) })
  await pause(100 + below(400))
  await starting.stop('SIGKILL')
}

const storm = async (round: number): Promise<Write[]> => {
  const writers = new WriteStorm(`round-${round}`, random)
  const ended = writers.run(4)
  await pause(30 + below(600))
  await plane.stop('SIGKILL')
  await ended
  expect(writers.refusals).toEqual([])
  return writers.writes
}

describe('a store that is killed in the middle of its writes', () => {
  it('has every write that it acknowledged, whole and recorded, and no half of any other', {
    timeout: boundMs + 120_000,
  }, async () => {
    console.log(`kill -9 × ${wantedKills}, seed ${seed}`)
    const endAt = performance.now() + boundMs
    const all: Write[] = []
    let kills = 0
    await plane.start('store')
    for (let round = 0; kills < wantedKills && performance.now() < endAt; round += 1) {
      Object.assign(process.env, plane.awsEnvironment)
      const writes = await storm(round)
      kills += 1
      if (round % 5 === 4) {
        await killDuringStart()
        kills += 1
      }
      await plane.start('store')
      Object.assign(process.env, plane.awsEnvironment)
      all.push(...writes)
      const older = Array.from({ length: 50 }, () => all[below(all.length)]!)
      const problems = [
        ...(await checkWrites([...writes, ...older])),
        ...(await checkCurrent(writes)),
        ...(await checkDatabase(plane.folder.at('.keyplane', 'store.sqlite'), writes)),
      ]
      expect(problems, `after kill ${kills}, seed ${seed}`).toEqual([])
    }
    expect(await checkWrites(all)).toEqual([])
    const acknowledged = all.filter(({ requestId }) => requestId !== undefined).length
    console.log(`${kills} kills, ${acknowledged} of ${all.length} writes acknowledged, none lost`)
    expect(acknowledged).toBeGreaterThan(kills)
  })
})
