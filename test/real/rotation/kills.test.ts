import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type SecretValue, TextValue } from '@keyplane/core'
import { seededRandom } from '@keyplane/testkit'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { FileVersions } from './file-versions.ts'

const killsEach = Number(process.env['KEYPLANE_KILLS'] ?? 15)
const stopsEach = Number(process.env['KEYPLANE_STOPS'] ?? 8)
/** Longer than a lease of the program. */
const stoppedMs = 1_200
const program = fileURLToPath(new URL('./rotate-forever.ts', import.meta.url))

let server: ScratchServer
let folder: string
let versions: FileVersions
let users = 0
const children = new Set<ChildProcess>()
beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())
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

interface Login {
  readonly username: string
  readonly password: string
}

/** Whether the server takes a login. */
const accepts = async (value: SecretValue): Promise<boolean> => {
  const { username: user, password } = JSON.parse(String(value.reveal())) as Login
  const client = new Client({ host: '127.0.0.1', port: server.port, user, password, database: 'postgres' })
  client.on('error', () => undefined)
  return client.connect().then(
    () => client.end().then(() => true),
    (error: { code?: string }) => {
      if (error.code === '28P01') return false
      throw error
    },
  )
}

/**
 * A reader that knows only what the store gives by these stages. It asks again where that has changed meanwhile, and once
 * more where it has not: a credential may come to be accepted after it was tried and before the others were.
 */
const logIn = async (stages: readonly string[]): Promise<boolean> => {
  let sameSince = 0
  for (let before = ''; sameSince < 2; ) {
    const stored = versions.stored()
    expect(stored.filter(({ stage }) => stage === 'current')).toHaveLength(1)
    for (const stage of stages) {
      const found = stored.find((version) => version.stage === stage)
      if (found && (await accepts(found.value))) return true
    }
    const ids = stored.map(({ stage, versionId }) => `${stage} ${versionId}`).join()
    sameSince = ids === before ? sameSince + 1 : 0
    before = ids
  }
  return false
}

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

const kinds = ['one user', 'one user, by an administrator', 'two users']

/** A user with his first password, and what the program has to know. */
const prepare = async (kind: string): Promise<void> => {
  const user = `killed${(users += 1)}`
  await server.query(`create role ${user} login password 'first-password'`)
  const place = { host: '127.0.0.1', port: server.port, dbname: 'postgres' }
  const superuser = new URL(server.url())
  const admin = { ...place, username: superuser.username, password: decodeURIComponent(superuser.password) }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ kind, admin: JSON.stringify(admin) }))
  const first = new TextValue(JSON.stringify({ ...place, username: user, password: 'first-password' }))
  versions.first({ versionId: 'v0', value: first })
}

/** Logs in all the while that something is done; how often, and how often no login was had. */
const readingDuring = async (kind: string, act: () => Promise<void>): Promise<{ logins: number; refused: number }> => {
  // Of two users the one that is current is accepted at every moment.
  const stages = kind === 'two users' ? ['current'] : ['current', 'pending', 'previous']
  const counts = { logins: 0, refused: 0 }
  const over = new AbortController()
  const reading = (async () => {
    while (!over.signal.aborted) {
      if (!(await logIn(stages))) counts.refused += 1
      counts.logins += 1
    }
  })()
  try {
    await act()
  } finally {
    over.abort()
    await reading
  }
  return counts
}

/** Lets two more rotations come to their end. */
const rotateTwice = async (): Promise<void> => {
  let finished = 0
  const last = start((line) => {
    if (line === 'is finished') finished += 1
    if (finished === 2) last.kill('SIGKILL')
  })
  await ended(last)
}

describe.each(kinds)('a rotation of %s', (kind) => {
  it('that is killed at any moment goes on by itself, with a login that is accepted at every moment', {
    timeout: 60_000 + killsEach * 8_000,
  }, async () => {
    await prepare(kind)
    const random = seededRandom(users)
    const killedAt = new Set<string>()
    const { logins, refused } = await readingDuring(kind, async () => {
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
    expect(await logIn(['current'])).toBe(true)
  })

  it('that two processes do, each stopped now and then for longer than its lease, is done by one at a time', {
    timeout: 60_000 + stopsEach * 8_000,
  }, async () => {
    await prepare(kind)
    const random = seededRandom(users)
    let finished = 0
    const { logins, refused } = await readingDuring(kind, async () => {
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
    expect(finished).toBeGreaterThan(1)
    expect(await logIn(['current'])).toBe(true)
  })
})
