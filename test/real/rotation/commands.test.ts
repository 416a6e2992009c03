import { DatabaseSync } from 'node:sqlite'
import { TextValue } from '@keyplane/core'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Finished, keyplane, type RunningProcess } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { RealPlane } from '../start-plane.ts'
import { accepts } from './stored-logins.ts'

let server: ScratchServer
let plane: RealPlane

beforeAll(async () => {
  server = await ScratchServer.start()
  plane = await new RealPlane().start('dev')
  await run(['-q', 'set', 'app/looked', '-'], 'any')
})
afterAll(async () => {
  await plane.remove()
  await server.stop()
})

const start = (args: readonly string[], stdin = ''): RunningProcess => keyplane(args, { cwd: plane.cwd, stdin })

const run = async (args: readonly string[], stdin?: string): Promise<Finished> => {
  const finished = await start(args, stdin).finished
  expect(finished, args.join(' ')).toMatchObject({ code: 0 })
  return finished
}

const read = async (name: string): Promise<string> => (await run(['get', name, '--reveal'])).stdout.trim()

interface Status {
  readonly enabled: boolean
  readonly lastAtMs?: number
  readonly nextAtMs?: number
  readonly underWay?: { readonly next?: string }
}

const statusOf = async (name: string): Promise<Status> => {
  const [status] = JSON.parse((await run(['rotation', 'status', name, '--json'])).stdout) as readonly Status[]
  if (!status) throw new Error(`Nothing rotates ${name}.`)
  return status
}

let users = 0
/** Makes a user, and stores the URL that he logs in by, as it is handed from person to person. */
const storedUrl = async (): Promise<{ readonly name: string; readonly user: string; readonly url: string }> => {
  const user = `shop${(users += 1)}`
  const name = `app/${user}`
  await server.query(`create role ${user} login password 'first/pass@word'`)
  const url = `postgresql://${user}:${encodeURIComponent('first/pass@word')}@127.0.0.1:${server.port}/postgres?application_name=${user}`
  await run(['-q', 'set', name, '-'], `${url}\n`)
  return { name, user, url }
}

/** Whether the server takes the login in a URL. */
const takes = (url: string): Promise<boolean> => {
  const { hostname: host, port, username, password, pathname } = new URL(url)
  const login = { host, port, username, password: decodeURIComponent(password), dbname: pathname.slice(1) }
  return accepts(new TextValue(JSON.stringify(login)))
}

const begun = ['begin', 'check', 'create', 'set', 'test', 'promote', 'verify', 'retire']
const stepsIn = (told: string): readonly string[] =>
  [...told.matchAll(/^ *[\d.]+ s {2}(\w+)/gm)].map(([, step = '']) => step)

/** As if so much time had passed since secrets were rotated: nobody waits for days. */
const letDaysPass = (days: number, names: readonly string[]): void => {
  const database = new DatabaseSync(plane.folder.at('.keyplane', 'store.sqlite'), { timeout: 10_000 })
  const times = ['configured_at_ms', 'rotated_at_ms', 'asked_at_ms', 'next_at_ms']
  const earlier = times.map((column) => `${column} = ${column} - ${days * 86_400_000}`)
  const these = `secret_id in (select id from secrets where name in (${names.map(() => '?').join()}))`
  const { changes } = database.prepare(`update secret_rotations set ${earlier.join()} where ${these}`).run(...names)
  database.close()
  expect(changes).toBe(names.length)
}

/** A store looks for what is due whenever it is asked for a rotation. */
const look = async (): Promise<void> => {
  await run(['-q', 'rotate', 'app/looked', '--by', 'random-password'])
}

describe('keyplane rotate for a PostgreSQL that is given by its URL', () => {
  it('tells each step as it is done, and leaves a URL with the new password', async () => {
    const { name, user, url } = await storedUrl()
    // Whoever changes the user meanwhile is waited for.
    const other = new Client({ connectionString: server.url() })
    await other.connect()
    await other.query('select pg_advisory_lock(hashtextextended($1, 0))', [`keyplane rotation of ${user}`])
    const rotating = start(['rotate', name, '--by', 'postgres-user', '--every', 'rate(10 days)'])
    await expect.poll(() => stepsIn(rotating.stderr), { timeout: 20_000 }).toEqual(['begin', 'check', 'create'])
    await expect.poll(async () => (await statusOf(name)).underWay?.next, { timeout: 4_000 }).toBe('set')
    await other.end()
    const { code, stderr } = await rotating.finished
    expect([code, [...new Set(stepsIn(stderr))]]).toEqual([0, begun])
    expect(stderr).toMatch(new RegExp(`✓ ${name} is rotated \\(.+\\), in .+ s\\. Next: .+Z\\.`))
    const fresh = await read(name)
    expect(fresh.replace(new URL(fresh).password, '')).toBe(url.replace(new URL(url).password, ''))
    expect([await takes(url), await takes(fresh)]).toEqual([false, true])
    expect(stderr).not.toContain(new URL(fresh).password)
  })

  it('has two users take turns, by an administrator who is given by his URL', async () => {
    const { user } = await storedUrl()
    await run(['-q', 'set', 'admin', '-'], server.url())
    const { id: masterarn } = JSON.parse((await run(['get', 'admin', '--json'])).stdout) as { readonly id: string }
    const login = {
      host: '127.0.0.1',
      port: server.port,
      username: user,
      password: 'first/pass@word',
      dbname: 'postgres',
      masterarn,
    }
    const name = `app/turns-${user}`
    await run(['-q', 'set', name, '-'], JSON.stringify(login))
    for (const username of [`${user}_clone`, user]) {
      const before = await read(name)
      await run(['rotate', name, '--by', 'postgres-two-users'])
      const after = await read(name)
      expect(JSON.parse(after)).toMatchObject({ username, masterarn })
      const both = [before, after].map((value) => accepts(new TextValue(value)))
      expect(await Promise.all(both)).toEqual([true, true])
    }
  })
})

describe('keyplane rotation, for a user of a real PostgreSQL', () => {
  const scheduled = async (): Promise<{ readonly name: string; readonly url: string }> => {
    const { name } = await storedUrl()
    await run(['-q', 'rotate', name, '--by', 'postgres-user', '--every', 'rate(10 days)'])
    return { name, url: await read(name) }
  }

  it('next tells the runs before they happen, the first as status does', async () => {
    const { name } = await scheduled()
    const { stdout } = await run(['rotation', 'next', name, '-n', '3', '--json'])
    const runs = (JSON.parse(stdout) as readonly { readonly atMs: number }[]).map(({ atMs }) => atMs)
    const { lastAtMs = 0, nextAtMs } = await statusOf(name)
    expect(runs[0]).toBe(nextAtMs)
    const daysBetween = [lastAtMs, ...runs].slice(0, -1).map((atMs, n) => ((runs[n] ?? 0) - atMs) / 86_400_000)
    expect(daysBetween.map(Math.round)).toEqual([10, 10, 10])
  })

  it('pause has it left alone when its time comes, and resume rotates it once', async () => {
    const { name, url } = await scheduled()
    const { name: other, url: otherUrl } = await scheduled()
    await run(['rotation', 'pause', name])
    expect((await run(['rotation', 'status', name])).stdout).toMatch(/ paused /)
    expect((await run(['rotation', 'next', name])).stderr).toContain('is paused')
    // Two runs of each have come, and one of each is to be caught up.
    letDaysPass(25, [name, other])
    const before = await statusOf(name)
    await look()
    await expect.poll(() => takes(otherUrl), { timeout: 20_000 }).toBe(false)
    expect(await statusOf(name)).toMatchObject({ enabled: false, lastAtMs: before.lastAtMs })
    expect([await read(name), await takes(url)]).toEqual([url, true])

    const { stderr } = await run(['rotation', 'resume', name])
    expect(stderr).toContain('Next: at once')
    await expect.poll(() => takes(url), { timeout: 20_000 }).toBe(false)
    await expect.poll(async () => (await statusOf(name)).lastAtMs, { timeout: 20_000 }).not.toBe(before.lastAtMs)
    const after = await statusOf(name)
    expect(after).toMatchObject({ enabled: true })
    expect(((after.nextAtMs ?? 0) - (after.lastAtMs ?? 0)) / 86_400_000).toBeCloseTo(10, 1)
    await look()
    expect(await takes(await read(name))).toBe(true)
    // The one before is what it was when it was paused: nothing came between.
    expect((await run(['get', name, '--stage', 'previous', '--reveal'])).stdout.trim()).toBe(url)
    expect(await statusOf(name)).toMatchObject({ lastAtMs: after.lastAtMs })
  }, 120_000)
})
