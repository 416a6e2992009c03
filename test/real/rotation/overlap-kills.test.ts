import { join } from 'node:path'
import { type SecretValue, TextValue } from '@keyplane/core'
import { type Canary, type Rotation } from '@keyplane/rotation'
import { seededRandom } from '@keyplane/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KeyApi } from '../../../examples/rotation-http-key/key-api.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { ScratchRedis } from '../redis/scratch-redis.ts'
import { canaryStages } from './canary-stages.ts'
import { type JournalFile, journalFile } from './journal-file.ts'
import { KilledRotation, type KilledTarget } from './killed-rotation.ts'
import { makeUser, superuserOf } from './rotated-user.ts'
import { accepts, logInDuring } from './stored-logins.ts'

const kills = Number(process.env['KEYPLANE_KILLS'] ?? 12)
const timeout = 60_000 + kills * 8_000
const secretId = 'prod/db'

interface Target {
  /** A credential that was never rotated, and how it is. */
  readonly make: () => Promise<{ readonly first: SecretValue } & KilledTarget>
  /** How many credentials the target has. */
  readonly count: () => Promise<number>
  readonly stop: () => Promise<void>
}

let users = 0
const redisTarget = async (): Promise<Target> => {
  const server = await ScratchRedis.start()
  const name = (): string => `killed${users}`
  return {
    make: async () => {
      users += 1
      const first = await makeUser(server, name())
      return { first, kind: 'a user with two passwords', admin: String(superuserOf(server).reveal()) }
    },
    count: async () => {
      const found = (await server.query(`acl getuser ${name()}`)) as readonly unknown[]
      return (found[found.indexOf('passwords') + 1] as readonly unknown[]).length
    },
    stop: () => server.stop(),
  }
}

const keyTarget = async (): Promise<Target> => {
  const api = await new KeyApi().start()
  const address = { engine: 'http', endpoint: api.endpoint }
  return {
    make: async () => {
      const first = new TextValue(JSON.stringify({ ...address, ...api.makeKey() }))
      return { first, kind: 'a key of an HTTP API', admin: JSON.stringify(address) }
    },
    count: async () => api.keys.size,
    stop: () => api.stop(),
  }
}

const twoUsersTarget = async (): Promise<Omit<Target, 'count'>> => {
  const server = await ScratchServer.start()
  return {
    make: async () => {
      const first = await makeUser(server, `killed${(users += 1)}`)
      return { first, kind: 'two users', admin: String(superuserOf(server).reveal()) }
    },
    stop: () => server.stop(),
  }
}

let killed: KilledRotation
let file: JournalFile
beforeEach(async () => {
  killed = new KilledRotation()
  file = await journalFile(join(killed.folder, 'rotation.db'))
})
afterEach(async () => {
  await file.close()
  killed.remove()
})

const prepare = async (target: Pick<Target, 'make'>, canary?: Canary): Promise<void> => {
  const { first, ...made } = await target.make()
  killed.prepare(first, { ...made, ...(canary && { canary }) })
}
const rotation = async (): Promise<Rotation | undefined> => (await file.journal.load(secretId))?.rotation

/** Kills at each of these lines in turn, at once or a moment later; how often a rotation was in that state then. */
const killAtEach = async (lines: readonly string[], state: Rotation['state'], within: number): Promise<number> => {
  const random = seededRandom(users)
  let interrupted = 0
  for (let kill = 0; kill < kills; kill += 1) {
    const isThere = (line: string): boolean => line === lines[kill % lines.length]
    await killed.killAt(isThere, kill % 2 === 0 ? 0 : random.unit() * within)
    if ((await rotation())?.state === state) interrupted += 1
  }
  return interrupted
}

/** What the target accepts of all that was ever stored. */
const acceptedVersions = async (): Promise<readonly string[]> => {
  const found: string[] = []
  for (const { versionId, value } of killed.versions.all()) if (await accepts(value)) found.push(versionId)
  return found
}

describe.each<[string, () => Promise<Target>]>([
  ['a password of a user of Redis', redisTarget],
  ['a key of an HTTP API', keyTarget],
])('a rotation of %s', (_, start) => {
  let target: Target
  beforeAll(async () => {
    target = await start()
  })
  afterAll(() => target.stop())

  it('that is killed at and in the middle of retiring the old one retires it all the same, and each one before', {
    timeout,
  }, async () => {
    await prepare(target)
    const places = ['is verified', 'begins retire', 'begins retire', 'is finished']
    let interrupted = 0
    const { logins, refused } = await logInDuring(killed.versions, ['current'], async () => {
      interrupted = await killAtEach(places, 'verified', 10)
      await killed.rotate()
    })
    expect(refused).toBe(0)
    expect(logins).toBeGreaterThan(kills)
    expect(interrupted).toBeGreaterThan(0)
    const stored = killed.versions.stored()
    expect(stored.map(({ stage }) => stage)).toEqual(['current', 'previous'])
    expect(await acceptedVersions()).toEqual([stored[0]?.versionId])
    expect(await target.count()).toBe(1)
  })
})

describe.each<[string, () => Promise<Omit<Target, 'count'>>]>([
  ['a user of Redis', redisTarget],
  ['two users of PostgreSQL in turn', twoUsersTarget],
])('a canary of %s', (_, start) => {
  let target: Omit<Target, 'count'>
  beforeAll(async () => {
    target = await start()
  })
  afterAll(() => target.stop())

  it('whose process is killed before, while and after it is watched goes on, and old and new are accepted all the time', {
    timeout,
  }, async () => {
    await prepare(target, { percent: 100, observeMs: 300, maxRefusals: 0 })
    const places = ['is canary', 'looks at the canary', 'looks at the canary', 'is tested']
    let interrupted = 0
    const given = canaryStages({ secretId, versions: killed.versions, file })
    let inCanary = { logins: 0, refused: 0 }
    const { logins, refused } = await logInDuring(killed.versions, ['current'], async () => {
      inCanary = await logInDuring(given, ['current'], async () => {
        interrupted = await killAtEach(places, 'canary', 300)
        await killed.rotate()
      })
    })
    expect([refused, inCanary.refused]).toEqual([0, 0])
    expect(Math.min(logins, inCanary.logins)).toBeGreaterThan(kills)
    expect(interrupted).toBeGreaterThan(0)
  })

  it('that is refused while nobody watches, since its process was killed, is taken back by the next one', {
    timeout,
  }, async () => {
    await prepare(target, { percent: 100, observeMs: 3_600_000, maxRefusals: 0 })
    const { refused } = await logInDuring(killed.versions, ['current'], async () => {
      await killed.killAt((line) => line === 'looks at the canary')
      const { state, pendingVersion = '' } = (await rotation()) ?? {}
      expect(state).toBe('canary')
      const receipt = { secretId, versionId: pendingVersion, used: false, refusals: 1 }
      await file.receipts.receive({
        consumer: { id: 'reader', name: 'reader' },
        everyMs: 10_000,
        receipts: [receipt],
      })
      for (const line of ['begins revert', 'begins discard', 'is rolled-back'])
        await killed.killAt((said) => said === line)
      const stored = killed.versions.stored()
      expect(stored.map(({ versionId }) => versionId)).not.toContain(pendingVersion)
      expect(stored.find(({ stage }) => stage === 'current')?.versionId).toBe('v0')
      expect(await acceptedVersions()).toContain('v0')
      expect(await acceptedVersions()).not.toContain(pendingVersion)
    })
    expect(refused).toBe(0)
  })
})
