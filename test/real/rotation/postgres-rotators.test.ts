import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { kindNames } from './rotated-user.ts'
import { callOf, changed, databaseFixture, loginOf } from './rotator-fixture.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())

describe('two users of PostgreSQL', () => {
  it('leave what readers have accepted all the while, and the clone has what the user has', async () => {
    const { rotator, first, user, accepts, stop } = await databaseFixture(server, 'two users')
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
    await stop()
  })
})

describe('a clone in PostgreSQL', () => {
  it('is given at his next turn the membership that was taken from him', async () => {
    const { rotator, first, user, stop } = await databaseFixture(server, 'two users')
    const second = await rotator.create(callOf('v2'), first)
    await rotator.set(callOf('v2'), { current: first, pending: second })
    await server.query(`revoke ${user} from ${user}_clone`)
    const third = await rotator.create(callOf('v3'), second)
    await rotator.set(callOf('v3'), { current: second, pending: third })
    const fourth = await rotator.create(callOf('v4'), third)
    expect(await rotator.set(callOf('v4'), { current: third, pending: fourth })).toBe('accepted')
    expect(await server.query(`select pg_has_role('${user}_clone', '${user}', 'member') as has`)).toEqual([
      { has: true },
    ])
    await stop()
  })
})

describe('an administrator in a database of the user’s own', () => {
  it.each(['one user, by an administrator', 'two users'] as const)('runs none of its functions: %s', async (kind) => {
    const { rotator, first, user, stop } = await databaseFixture(server, kind)
    const dbname = `of_${user}`
    await server.query(`create database ${dbname} owner ${user}`)
    const own = new Client({
      host: '127.0.0.1',
      port: server.port,
      database: dbname,
      user,
      password: loginOf(first).password,
    })
    await own.connect()
    await own.query('create schema trap')
    const body = `$$ begin execute 'alter role ${user} superuser'; return 1; end $$ language plpgsql`
    await own.query(`create function trap.hashtextextended(text, integer) returns bigint as ${body}`)
    await own.query(`alter database ${dbname} set search_path = trap, pg_catalog`)
    await own.end()
    const current = changed(first, { dbname })
    const pending = await rotator.create(callOf('v2'), current)
    expect(await rotator.set(callOf('v2'), { current, pending })).toBe('accepted')
    expect(await server.query(`select rolsuper from pg_roles where rolname = '${user}'`)).toEqual([{ rolsuper: false }])
    await stop()
  })
})

describe('a user whom PostgreSQL lets in without a password from here', () => {
  it.each(['one user', 'one user, by an administrator'] as const)('is not said to be rotated: %s', async (kind) => {
    const { rotator, first, user, stop } = await databaseFixture(server, kind)
    const hba = join(server.folder, 'data', 'pg_hba.conf')
    const before = readFileSync(hba, 'utf8')
    writeFileSync(hba, `host all ${user} 127.0.0.1/32 trust\n${before}`)
    await server.query('select pg_reload_conf()')
    await expect.poll(() => rotator.test(callOf('v2'), changed(first, { password: 'any' }))).toBe('accepted')
    const pending = await rotator.create(callOf('v2'), first)
    await expect(rotator.set(callOf('v2'), { current: first, pending })).rejects.toMatchObject({
      code: 'source_misconfigured',
      reason: 'any_password',
    })
    writeFileSync(hba, before)
    await server.query('select pg_reload_conf()')
    await stop()
  })
})

describe('a change of one user of PostgreSQL that was given up, and comes late', () => {
  it('is waited for by whoever takes it back', async () => {
    const { rotator, first, user, accepts, stop } = await databaseFixture(server, 'one user')
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
    await stop()
  })
})

describe('a PostgreSQL with the module passwordcheck', () => {
  it.each(kindNames)('takes verifiers: %s', async (kind) => {
    const checking = await ScratchServer.start({ settings: ['shared_preload_libraries=passwordcheck'] })
    try {
      await expect(checking.query("create role short login password 'short'")).rejects.toMatchObject({ code: '22023' })
      const { rotator, first, accepts, stop } = await databaseFixture(checking, kind)
      const pending = await rotator.create(callOf('v2'), first)
      expect(await rotator.set(callOf('v2'), { current: first, pending })).toBe('accepted')
      expect(await accepts(pending)).toBe(true)
      await stop()
    } finally {
      await checking.stop()
    }
  })
})
