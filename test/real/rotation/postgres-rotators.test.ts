import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SecretValue, systemClock, systemRandom, TextValue } from '@keyplane/core'
import { postgresTwoUsersRotator, postgresUserRotator, type Rotator, type RotatorCall } from '@keyplane/rotation'
import { describeRotator, type RotatorFixture } from '@keyplane/rotation/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { CuttingProxy } from '../postgres/cutting-proxy.ts'

let server: ScratchServer
let users = 0
beforeAll(async () => {
  server = await ScratchServer.start({
    settings: ['logging_collector=on', 'log_directory=log', 'log_statement=all', 'log_min_duration_statement=0'],
  })
})
afterAll(() => server.stop())

interface Login {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly dbname: string
}
const value = (login: Login): SecretValue => new TextValue(JSON.stringify(login))
const loginOf = (secret: SecretValue): Login => JSON.parse(String(secret.reveal())) as Login
const superuser = (port = server.port): SecretValue => {
  const url = new URL(server.url())
  const password = decodeURIComponent(url.password)
  return value({ host: '127.0.0.1', port, username: url.username, password, dbname: 'postgres' })
}

/** A login by another client than the rotator's own, straight to the server. */
const accepts = async (secret: SecretValue): Promise<boolean> => {
  const { username: user, password, dbname: database } = loginOf(secret)
  const client = new Client({ host: '127.0.0.1', port: server.port, user, password, database })
  client.on('error', () => undefined)
  return client.connect().then(
    () => client.end().then(() => true),
    (error: { code?: string }) => {
      if (error.code === '28P01') return false
      throw error
    },
  )
}

const start = async (
  rotatorOf: (admin: () => Promise<SecretValue>) => Rotator,
): Promise<RotatorFixture & { readonly proxy: CuttingProxy; readonly user: string }> => {
  const user = `app${(users += 1)}`
  await server.query(`create role ${user} login password 'first-password'`)
  const proxy = new CuttingProxy(server.port)
  const port = await proxy.listen()
  const rotator = rotatorOf(async () => superuser(port))
  return {
    user,
    proxy,
    rotator,
    first: value({ host: '127.0.0.1', port, username: user, password: 'first-password', dbname: 'postgres' }),
    clock: systemClock,
    random: systemRandom,
    accepts,
    holdsTwo: rotator.name === 'postgres-two-users',
    lower: () => server.pause(),
    raise: () => server.resume(),
    meddle: async () => {
      await server.query(`alter role ${user} password 'somebody-elses'`)
    },
    stop: () => proxy.close(),
  }
}

const quick = { random: systemRandom, timeoutMs: 1_000 }
const rotators: Readonly<Record<string, (admin: () => Promise<SecretValue>) => Rotator>> = {
  'one user of PostgreSQL': () => postgresUserRotator(quick),
  'one user of PostgreSQL, by an administrator': (admin) => postgresUserRotator({ ...quick, admin }),
  'two users of PostgreSQL': (admin) => postgresTwoUsersRotator({ ...quick, admin }),
}

for (const [name, rotatorOf] of Object.entries(rotators))
  describeRotator(name, () => start(rotatorOf), { describe, it })

const callOf = (pendingVersion: string): RotatorCall => ({
  secretId: 'prod/db',
  rotationId: 'r',
  pendingVersion,
  fence: 1,
  signal: new AbortController().signal,
  requireLease: () => undefined,
})

describe.each(Object.entries(rotators))('%s', (_, rotatorOf) => {
  it('is given a verifier, and no statement has a password in it', async () => {
    const { rotator, first, stop } = await start(rotatorOf)
    const pending = await rotator.create(callOf('v2'), first)
    await rotator.set(callOf('v2'), { current: first, pending })
    const { username, password } = loginOf(pending)
    const [row] = await server.query(`select rolpassword from pg_authid where rolname = '${username}'`)
    expect(row?.['rolpassword']).toMatch(/^SCRAM-SHA-256\$4096:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=$/)
    const folder = join(server.data, 'log')
    mkdirSync(folder, { recursive: true })
    const log = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('')
    expect(log).toContain(String(row?.['rolpassword']))
    expect(log).not.toContain(password)
    await stop?.()
  })

  it.each(['before', 'after'] as const)(
    'is set by a second try where the connection is cut %s the commit',
    async (when) => {
      const { rotator, first, proxy, stop } = await start(rotatorOf)
      const pending = await rotator.create(callOf('v2'), first)
      proxy.cut = { text: 'commit', when }
      await expect(rotator.set(callOf('v2'), { current: first, pending })).rejects.toMatchObject({
        code: 'unavailable',
      })
      expect(proxy.cuts).toBe(1)
      expect((await accepts(first)) || (await accepts(pending))).toBe(true)
      expect(await rotator.set(callOf('v2'), { current: first, pending })).toBe('accepted')
      expect(await accepts(pending)).toBe(true)
      await stop?.()
    },
  )

  it.each(['before', 'after'] as const)('is taken back where the connection was cut %s the commit', async (when) => {
    const { rotator, first, proxy, stop } = await start(rotatorOf)
    const pending = await rotator.create(callOf('v2'), first)
    proxy.cut = { text: 'commit', when }
    await rotator.set(callOf('v2'), { current: first, pending }).catch(() => undefined)
    await rotator.revert(callOf('v2'), { current: first, pending })
    await rotator.discard?.(callOf('v2'), { current: first, pending })
    expect(await accepts(first)).toBe(true)
    expect(await accepts(pending)).toBe(false)
    await stop?.()
  })

  it('does not change a user of another server', async () => {
    const { rotator, first, stop } = await start(rotatorOf)
    const made = loginOf(await rotator.create(callOf('v2'), first))
    const elsewhere = value({ ...made, host: 'localhost' })
    await expect(rotator.set(callOf('v2'), { current: first, pending: elsewhere })).rejects.toMatchObject({
      code: 'source_misconfigured',
    })
    await stop?.()
  })

  it('does not change another user', async () => {
    const { rotator, first, stop } = await start(rotatorOf)
    const made = loginOf(await rotator.create(callOf('v2'), first))
    const other = value({ ...made, username: 'postgres' })
    await expect(rotator.set(callOf('v2'), { current: first, pending: other })).rejects.toMatchObject({
      code: 'source_misconfigured',
      reason: 'other_user',
    })
    expect(await accepts(superuser())).toBe(true)
    await stop?.()
  })
})

describe('two users of PostgreSQL', () => {
  it('leave what readers have accepted all the while, and the clone has what the user has', async () => {
    const { rotator, first, user, stop } = await start((admin) => postgresTwoUsersRotator({ ...quick, admin }))
    await server.query(`create table of_${user} (a int); grant select on of_${user} to ${user}`)
    const pending = await rotator.create(callOf('v2'), first)
    await rotator.set(callOf('v2'), { current: first, pending })
    expect([await accepts(first), await accepts(pending)]).toEqual([true, true])
    const { username, password } = loginOf(pending)
    expect(username).toBe(`${user}_clone`)
    const client = new Client({ host: '127.0.0.1', port: server.port, user: username, password, database: 'postgres' })
    await client.connect()
    expect((await client.query(`select * from of_${user}`)).rows).toEqual([])
    await client.end()
    const third = await rotator.create(callOf('v3'), pending)
    expect(loginOf(third).username).toBe(user)
    await stop?.()
  })

  it('have no second name that PostgreSQL would cut', async () => {
    const { rotator, first, stop } = await start((admin) => postgresTwoUsersRotator({ ...quick, admin }))
    const long = value({ ...loginOf(first), username: 'u'.repeat(60) })
    await expect(rotator.create(callOf('v2'), long)).rejects.toMatchObject({ reason: 'user_name' })
    await stop?.()
  })
})

describe('a change of one user that was given up, and comes late', () => {
  it('is waited for by whoever takes it back', async () => {
    const { rotator, first, user, stop } = await start(() => postgresUserRotator({ ...quick, timeoutMs: 4_000 }))
    const pending = await rotator.create(callOf('v2'), first)
    // What the given-up process sent: it has the lock, and its commit is under way.
    const late = new Client({ connectionString: server.url() })
    late.on('error', () => undefined)
    await late.connect()
    await late.query('begin')
    await late.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`keyplane rotation of ${user}`])
    await late.query(`alter role ${user} password '${loginOf(pending).password}'`)
    const reverted = rotator.revert(callOf('v2'), { current: first, pending })
    await expect
      .poll(() => server.query("select 1 as waits from pg_locks where locktype = 'advisory' and not granted"))
      .toEqual([{ waits: 1 }])
    await late.query('commit')
    await late.end()
    await reverted
    expect([await accepts(first), await accepts(pending)]).toEqual([true, false])
    await stop?.()
  })
})
