import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@keyplane/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ScratchMariaDb } from '../mariadb/scratch-mariadb.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { FileVersions } from './file-versions.ts'
import { type Kind, kindNames, makeUser, type RotatedServer, superuserOf } from './rotated-user.ts'
import { logInByStages, logInDuring, type Stage } from './stored-logins.ts'

const allKills = Number(process.env['KEYPLANE_KILLS'] ?? 15)
const allStops = Number(process.env['KEYPLANE_STOPS'] ?? 8)
/** Longer than a lease of the program. */
const stoppedMs = 1_200
const program = fileURLToPath(new URL('./rotate-forever.ts', import.meta.url))

/** How a server is started, and how many of the kills and stops it has. */
const starts: readonly [string, () => Promise<RotatedServer>, number][] = [
  ['PostgreSQL', () => ScratchServer.start(), 1],
  ['MariaDB', () => ScratchMariaDb.start(), 1 / 3],
]

let server: RotatedServer
let folder: string
let versions: FileVersions
let users = 0
const children = new Set<ChildProcess>()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-kills-'))
  versions = new FileVersions(join(folder, 'versions.db'))
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  versions.close()
  rmSync(folder, { recursive: true })
})

/** Starts the program, which calls back with each line that it says. */
const start = (heard: (line: string) => void): ChildProcess => {
  const child = spawn(process.execPath, ['-C', 'source', '--disable-warning=ExperimentalWarning', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) heard(line)
  })
  return child
}
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const ended = (process: ChildProcess): Promise<void> => new Promise((resolve) => process.once('exit', () => resolve()))

/** A user with his first password, and what the program has to know. */
const prepare = async (kind: Kind): Promise<void> => {
  const first = await makeUser(server, `killed${(users += 1)}`)
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ kind, admin: superuserOf(server).reveal() }))
  versions.first({ versionId: 'v0', value: first })
}

/** Of two users the one that is current is accepted at every moment. */
const stagesOf = (kind: Kind): readonly Stage[] =>
  kind === 'two users' ? ['current'] : ['current', 'pending', 'previous']

/** Lets two more rotations come to their end. */
const rotateTwice = async (): Promise<void> => {
  let finished = 0
  const last = start((line) => {
    if (line === 'is finished') finished += 1
    if (finished === 2) last.kill('SIGKILL')
  })
  await ended(last)
}

describe.each(starts)('at %s', (_, startServer, share) => {
  const [killsEach, stopsEach] = [Math.ceil(allKills * share), Math.ceil(allStops * share)]
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  describe.each(kindNames)('a rotation of %s', (kind) => {
    it('that is killed at any moment goes on by itself, with a login that is accepted at every moment', {
      timeout: 60_000 + killsEach * 8_000,
    }, async () => {
      await prepare(kind)
      const random = seededRandom(users)
      const killedAt = new Set<string>()
      const { logins, refused } = await logInDuring(versions, stagesOf(kind), async () => {
        for (let kill = 0; kill < killsEach; kill += 1) {
          let left = 1 + Math.floor(random.unit() * 16)
          const running = start((line) => {
            left -= 1
            if (left !== 0) return
            killedAt.add(line)
            setTimeout(() => running.kill('SIGKILL'), random.unit() < 0.5 ? 0 : random.unit() * 15)
          })
          await ended(running)
        }
        await rotateTwice()
      })
      expect(refused).toBe(0)
      expect(logins).toBeGreaterThan(killsEach)
      expect(killedAt.size).toBeGreaterThan(Math.min(5, killsEach / 4))
      expect(await logInByStages(versions, ['current'])).toBe(true)
    })

    it('that two processes do, each stopped now and then for longer than its lease, is done by one at a time', {
      timeout: 60_000 + stopsEach * 8_000,
    }, async () => {
      await prepare(kind)
      const random = seededRandom(users)
      let finished = 0
      const { logins, refused } = await logInDuring(versions, stagesOf(kind), async () => {
        let heard = (): void => undefined
        const both = [0, 1].map(() =>
          start((line) => {
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
        await rotateTwice()
      })
      expect(refused).toBe(0)
      expect(logins).toBeGreaterThan(stopsEach)
      // With fewer stops there is less time for them.
      expect(finished).toBeGreaterThan(stopsEach / 8)
      expect(await logInByStages(versions, ['current'])).toBe(true)
    })
  })
})
