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

const killsEach = 25
const program = fileURLToPath(new URL('./rotate-forever.ts', import.meta.url))

let server: ScratchServer
let folder: string
let versions: FileVersions
let users = 0
let child: ChildProcess | undefined
beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-kills-'))
  versions = new FileVersions(join(folder, 'versions.db'))
})
afterEach(() => {
  child?.kill('SIGKILL')
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

/** A reader that knows only what the store gives by these stages, and asks again where that has changed meanwhile. */
const logIn = async (stages: readonly string[] = ['current', 'pending', 'previous']): Promise<boolean> => {
  for (;;) {
    const stored = versions.stored()
    expect(stored.filter(({ stage }) => stage === 'current')).toHaveLength(1)
    for (const stage of stages) {
      const found = stored.find((version) => version.stage === stage)
      if (found && (await accepts(found.value))) return true
    }
    const now = versions.stored()
    const ids = (all: typeof stored) => all.map(({ stage, versionId }) => `${stage} ${versionId}`).join()
    if (ids(stored) === ids(now)) return false
  }
}

/** Starts the program, which calls back with each line that it says. */
const start = (heard: (line: string) => void): ChildProcess => {
  child = spawn(process.execPath, ['-C', 'source', '--disable-warning=ExperimentalWarning', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) heard(line)
  })
  return child
}
const ended = (process: ChildProcess): Promise<void> => new Promise((resolve) => process.once('exit', () => resolve()))

describe.each(['one user', 'one user, by an administrator', 'two users'])('a rotation of %s', (kind) => {
  it('that is killed at any moment goes on by itself, with a login that is accepted at every moment', {
    timeout: 240_000,
  }, async () => {
    const user = `killed${(users += 1)}`
    await server.query(`create role ${user} login password 'first-password'`)
    const place = { host: '127.0.0.1', port: server.port, dbname: 'postgres' }
    const superuser = new URL(server.url())
    const admin = { ...place, username: superuser.username, password: decodeURIComponent(superuser.password) }
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ kind, admin: JSON.stringify(admin) }))
    const first = new TextValue(JSON.stringify({ ...place, username: user, password: 'first-password' }))
    versions.first({ versionId: 'v0', value: first })

    const over = new AbortController()
    let logins = 0
    let refused = 0
    const onlyCurrent = kind === 'two users'
    const reading = (async () => {
      while (!over.signal.aborted) {
        if (!(await logIn(onlyCurrent ? ['current'] : undefined))) refused += 1
        logins += 1
      }
    })()

    const random = seededRandom(users)
    const killedAt = new Set<string>()
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
    let finished = 0
    const last = start((line) => {
      if (line === 'is finished') finished += 1
      if (finished === 2) last.kill('SIGKILL')
    })
    await ended(last)
    over.abort()
    await reading
    expect(refused).toBe(0)
    expect(logins).toBeGreaterThan(killsEach)
    expect(killedAt.size).toBeGreaterThan(5)
    expect(await logIn()).toBe(true)
  })
})
