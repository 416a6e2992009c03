import { seededRandom } from '@keyplane/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ScratchMariaDb } from '../mariadb/scratch-mariadb.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { ScratchRedis } from '../redis/scratch-redis.ts'
import { ended, KilledRotation, wait } from './killed-rotation.ts'
import { type Kind, kindNames, makeUser, overlaps, type RotatedServer, superuserOf } from './rotated-user.ts'
import { logInByStages, logInDuring, type Stage } from './stored-logins.ts'

const allKills = Number(process.env['KEYPLANE_KILLS'] ?? 15)
const allStops = Number(process.env['KEYPLANE_STOPS'] ?? 8)
/** Longer than a lease of the program. */
const stoppedMs = 1_200

interface Killed {
  readonly startServer: () => Promise<RotatedServer>
  readonly kinds: readonly Kind[]
  /** Of the kills and stops. */
  readonly share: number
}

const servers: Readonly<Record<string, Killed>> = {
  PostgreSQL: { startServer: () => ScratchServer.start(), kinds: kindNames, share: 1 },
  MariaDB: { startServer: () => ScratchMariaDb.start(), kinds: kindNames, share: 1 / 3 },
  Redis: { startServer: () => ScratchRedis.start(), kinds: ['a user with two passwords'], share: 1 },
}

let server: RotatedServer
let killed: KilledRotation
let users = 0
beforeEach(() => {
  killed = new KilledRotation()
})
afterEach(() => killed.remove())

/** A user with his first password. */
const prepare = async (kind: Kind): Promise<void> => {
  const first = await makeUser(server, `killed${(users += 1)}`)
  killed.prepare(first, { kind, admin: String(superuserOf(server).reveal()) })
}

const stagesOf = (kind: Kind): readonly Stage[] => (overlaps(kind) ? ['current'] : ['current', 'pending', 'previous'])

describe.each(Object.entries(servers))('at %s', (_, { startServer, kinds, share }) => {
  const [killsEach, stopsEach] = [Math.ceil(allKills * share), Math.ceil(allStops * share)]
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  describe.each(kinds)('a rotation of %s', (kind) => {
    it('that is killed at any moment goes on by itself, with a login that is accepted at every moment', {
      timeout: 60_000 + killsEach * 8_000,
    }, async () => {
      await prepare(kind)
      const random = seededRandom(users)
      const killedAt = new Set<string>()
      const { logins, refused } = await logInDuring(killed.versions, stagesOf(kind), async () => {
        for (let kill = 0; kill < killsEach; kill += 1) {
          let left = 1 + Math.floor(random.unit() * 16)
          const isThere = (line: string): boolean => {
            left -= 1
            if (left === 0) killedAt.add(line)
            return left === 0
          }
          await killed.killAt(isThere, random.unit() < 0.5 ? 0 : random.unit() * 15)
        }
        await killed.rotate()
      })
      expect(refused).toBe(0)
      expect(logins).toBeGreaterThan(killsEach)
      expect(killedAt.size).toBeGreaterThan(Math.min(5, killsEach / 4))
      expect(await logInByStages(killed.versions, ['current'])).toBe(true)
    })

    it('that two processes do, each stopped now and then for longer than its lease, is done by one at a time', {
      timeout: 60_000 + stopsEach * 8_000,
    }, async () => {
      await prepare(kind)
      const random = seededRandom(users)
      let finished = 0
      const { logins, refused } = await logInDuring(killed.versions, stagesOf(kind), async () => {
        let heard = (): void => undefined
        const both = [0, 1].map(() =>
          killed.start((line) => {
            if (line === 'is finished') finished += 1
            heard()
          }),
        )
        for (let stop = 0; stop < stopsEach; stop += 1) {
          const lines = 1 + Math.floor(random.unit() * 16)
          for (let line = 0; line < lines; line += 1)
            await new Promise<void>((resolve) => {
              heard = resolve
            })
          if (random.unit() < 0.5) await wait(random.unit() * 15)
          const stopped = both[stop % 2]
          stopped?.kill('SIGSTOP')
          await wait(stoppedMs)
          stopped?.kill('SIGCONT')
        }
        for (const each of both) {
          each.kill('SIGKILL')
          await ended(each)
        }
        await killed.rotate()
      })
      expect(refused).toBe(0)
      expect(logins).toBeGreaterThan(stopsEach)
      // With fewer stops there is less time for them.
      expect(finished).toBeGreaterThan(stopsEach / 8)
      expect(await logInByStages(killed.versions, ['current'])).toBe(true)
    })
  })
})
