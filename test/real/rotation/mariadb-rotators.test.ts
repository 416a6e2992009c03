import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@keyplane/core'
import { mysqlUserRotator } from '@keyplane/rotation'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ScratchMariaDb } from '../mariadb/scratch-mariadb.ts'
import { callOf, changed, databaseFixture, type Login, loginOf } from './rotator-fixture.ts'

let server: ScratchMariaDb
beforeAll(async () => {
  server = await ScratchMariaDb.start()
})
afterAll(() => server.stop())

const connected = ({ username: user, password }: Login) =>
  createConnection({ host: '127.0.0.1', port: server.port, user, password })
const run = async (...statements: readonly string[]): Promise<void> => {
  for (const statement of statements) await server.query(statement)
}

describe('two users of MariaDB', () => {
  it('leave what readers have accepted all the while, and the clone has what the user has', async () => {
    const { rotator, first, user, accepts, stop } = await databaseFixture(server, 'two users')
    await run(
      `create database of_${user}`,
      `create table of_${user}.things (a int)`,
      `create role reader_of_${user}`,
      `grant select on of_${user}.* to reader_of_${user}`,
      `grant reader_of_${user} to ${user}`,
      `set default role reader_of_${user} for ${user}`,
      `grant insert on of_${user}.things to ${user} with grant option`,
      `grant process on *.* to ${user} with max_user_connections 7`,
    )
    const pending = await rotator.create(callOf('v2'), first)
    await rotator.set(callOf('v2'), { current: first, pending })
    expect([await accepts(first), await accepts(pending)]).toEqual([true, true])
    expect(loginOf(pending).username).toBe(`${user}_clone`)
    const client = await connected(loginOf(pending))
    await client.query(`insert into of_${user}.things values (1)`)
    expect((await client.query(`select * from of_${user}.things`))[0]).toEqual([{ a: 1 }])
    await client.end()
    const grants = async (of: string): Promise<string> =>
      JSON.stringify(await server.query(`show grants for ${of}`)).replaceAll(/PASSWORD '[^']*'/g, '')
    expect((await grants(`${user}_clone`)).replaceAll('_clone', '')).toBe(await grants(user))
    const third = await rotator.create(callOf('v3'), pending)
    expect(loginOf(third).username).toBe(user)
    await stop()
  })

  it('give the clone at his next turn what the user was given meanwhile, and the user nothing of the clone’s', async () => {
    const { rotator, first, user, accepts, stop } = await databaseFixture(server, 'two users')
    const second = await rotator.create(callOf('v2'), first)
    await rotator.set(callOf('v2'), { current: first, pending: second })
    await run(`grant process on *.* to ${user}_clone`, `grant reload on *.* to ${user}`)
    const third = await rotator.create(callOf('v3'), second)
    await rotator.set(callOf('v3'), { current: second, pending: third })
    const fourth = await rotator.create(callOf('v4'), third)
    await rotator.set(callOf('v4'), { current: third, pending: fourth })
    expect([await accepts(third), await accepts(fourth)]).toEqual([true, true])
    const shown = async (of: string): Promise<string> => JSON.stringify(await server.query(`show grants for ${of}`))
    expect(await shown(`${user}_clone`)).toContain('GRANT RELOAD, PROCESS ON')
    expect(await shown(user)).not.toContain('PROCESS')
    await stop()
  })
})

describe('a change of one user of MariaDB that was given up, and comes late', () => {
  it('is waited for by whoever takes it back', async () => {
    const { rotator, first, user, accepts, stop } = await databaseFixture(server, 'one user')
    const pending = await rotator.create(callOf('v2'), first)
    const late = await createConnection(server.url())
    await late.query("select get_lock(concat('keyplane ', sha1(?)), 1)", [user])
    const reverted = rotator.revert(callOf('v2'), { current: first, pending })
    await expect
      .poll(() => server.query("select 1 as waits from information_schema.processlist where state = 'User lock'"))
      .toEqual([{ waits: 1 }])
    await late.query(`set password for ${user} = password('${loginOf(pending).password}')`)
    await late.end()
    await reverted
    expect([await accepts(first), await accepts(pending)]).toEqual([true, false])
    await stop()
  })
})

describe('a user of MariaDB', () => {
  it('who has accounts for several hosts is not guessed', async () => {
    const { rotator, first, user, stop } = await databaseFixture(server, 'one user, by an administrator')
    await run(`create user ${user}@'10.0.0.%' identified by 'another-ones'`)
    const pending = await rotator.create(callOf('v2'), first)
    await expect(rotator.set(callOf('v2'), { current: first, pending })).rejects.toMatchObject({
      reason: 'several_accounts',
    })
    await stop()
  })

  it('who may have accounts for other hosts, and has no administrator, keeps his password', async () => {
    const { rotator, first, user, accepts, stop } = await databaseFixture(server, 'one user')
    await run(`rename user ${user} to ${user}@'127.0.0.1'`)
    const pending = await rotator.create(callOf('v2'), first)
    const changing = () => rotator.set(callOf('v2'), { current: first, pending })
    await expect(changing()).rejects.toMatchObject({ reason: 'needs_admin' })
    await run(`grant select on mysql.user to ${user}@'127.0.0.1'`, `create user ${user}@'127.0.0.2'`)
    await expect(changing()).rejects.toMatchObject({ reason: 'several_accounts' })
    expect(await accepts(first)).toBe(true)
    await run(`drop user ${user}@'127.0.0.2'`)
    expect(await changing()).toBe('accepted')
    expect([await accepts(first), await accepts(pending)]).toEqual([false, true])
    await stop()
  })

  it('whose password has expired is refused, and gets another one from an administrator', async () => {
    const { rotator, first, user, stop } = await databaseFixture(server, 'one user, by an administrator')
    for (const disconnects of ['off', 'on']) {
      await run(`set global disconnect_on_expired_password = ${disconnects}`, `alter user ${user} password expire`)
      expect(await rotator.test(callOf('v2'), first)).toBe('refused')
    }
    const pending = await rotator.create(callOf('v2'), first)
    expect(await rotator.set(callOf('v2'), { current: first, pending })).toBe('accepted')
    expect(await rotator.test(callOf('v2'), pending)).toBe('accepted')
    await run('set global disconnect_on_expired_password = off')
    await stop()
  })

  it('whose account is locked is told as that, since no password unlocks it', async () => {
    const { rotator, first, user, stop } = await databaseFixture(server, 'one user, by an administrator')
    await run(`alter user ${user} account lock`)
    await expect(rotator.test(callOf('v2'), first)).rejects.toMatchObject({
      code: 'source_misconfigured',
      reason: 'locked_account',
    })
    await stop()
  })

  it('who logs in without a password that can be rotated keeps his way to', async () => {
    const { rotator, first, user, stop } = await databaseFixture(server, 'one user, by an administrator')
    await run('install soname "auth_ed25519"', `alter user ${user} identified via ed25519 using password('other')`)
    const pending = await rotator.create(callOf('v2'), first)
    await expect(rotator.set(callOf('v2'), { current: first, pending })).rejects.toMatchObject({
      code: 'source_misconfigured',
      reason: 'auth_plugin',
    })
    await stop()
  })

  it('who logs in by several ways is left alone: the old password would be accepted by the other', async () => {
    for (const kind of ['one user', 'one user, by an administrator'] as const) {
      const { rotator, first, user, accepts, stop } = await databaseFixture(server, kind)
      const by = (password: string): string => `mysql_native_password using password('${password}')`
      await run(`alter user ${user} identified via ${by('another')} or ${by('first-password')}`)
      const pending = await rotator.create(callOf('v2'), first)
      await expect(rotator.set(callOf('v2'), { current: first, pending })).rejects.toMatchObject({
        reason: 'auth_plugin',
      })
      expect(await accepts(first)).toBe(true)
      await stop()
    }
  })

  it('whose name would end a quotation is nobody', async () => {
    const { rotator, first, stop } = await databaseFixture(server, 'one user, by an administrator')
    const odd = changed(first, { username: "app'@'%" })
    const pending = await rotator.create(callOf('v2'), odd)
    await expect(rotator.set(callOf('v2'), { current: odd, pending })).rejects.toMatchObject({ reason: 'user_name' })
    await stop()
  })

  it('by an administrator who may not is no refused password', async () => {
    const { first, user, stop } = await databaseFixture(server, 'one user')
    await run(`create user weak_${user} identified by 'weak'`)
    const admin = changed(first, { username: `weak_${user}`, password: 'weak' })
    const rotator = mysqlUserRotator({ random: systemRandom, admin: async () => admin })
    const pending = await rotator.create(callOf('v2'), first)
    await expect(rotator.set(callOf('v2'), { current: first, pending })).rejects.toMatchObject({
      reason: 'statement_refused',
    })
    await stop()
  })
})

describe('a user of MariaDB, by TLS', () => {
  const rotatorBy = (ca?: string) => mysqlUserRotator({ random: systemRandom, ...(ca !== undefined && { ca }) })

  /** A server with a certificate for a name, and a user who has to log in by TLS. */
  const secured = async (name: string) => {
    const [key, cert] = ['key', 'cert'].map((part) => join(server.folder, `${name}-${part}.pem`)) as [string, string]
    const named = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
    const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert]
    execFileSync('openssl', ['req', ...made, ...named], { stdio: 'pipe' })
    chmodSync(key, 0o644)
    const own = await ScratchMariaDb.start([`ssl-cert=${cert}`, `ssl-key=${key}`])
    onTestFinished(() => own.stop())
    const { first, user, stop } = await databaseFixture(own, 'one user')
    await own.query(`alter user ${user} require ssl`)
    onTestFinished(stop)
    return { first: changed(first, { host: 'localhost', port: own.port, ssl: true }), ca: readFileSync(cert, 'utf8') }
  }

  it('is rotated at a server whose authority was named', async () => {
    const { first, ca } = await secured('localhost')
    const pending = await rotatorBy(ca).create(callOf('v2'), first)
    expect(await rotatorBy(ca).set(callOf('v2'), { current: first, pending })).toBe('accepted')
    expect(await rotatorBy(ca).test(callOf('v2'), pending)).toBe('accepted')
    await expect(rotatorBy().test(callOf('v2'), pending)).rejects.toMatchObject({ code: 'unavailable' })
    const byAddress = changed(pending, { host: '127.0.0.1' })
    await expect(rotatorBy(ca).test(callOf('v2'), byAddress)).rejects.toMatchObject({ reason: 'unnamed_host' })
  })

  it('does not log in to a server of another name', async () => {
    const { first, ca } = await secured('database')
    await expect(rotatorBy(ca).test(callOf('v2'), first)).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('a MariaDB with a plugin that checks passwords', () => {
  it('takes no hash while it is strict, which is told, and leaves the password as it is', async () => {
    const rules = ['digits', 'letters-same-case', 'other-characters'].map((rule) => `simple-password-check-${rule}=0`)
    const checking = await ScratchMariaDb.start(['plugin-load-add=simple_password_check', ...rules])
    try {
      const { rotator, first, accepts, stop } = await databaseFixture(checking, 'one user, by an administrator')
      const pending = await rotator.create(callOf('v2'), first)
      const set = () => rotator.set(callOf('v2'), { current: first, pending })
      await expect(set()).rejects.toMatchObject({ code: 'source_misconfigured', reason: 'refused_verifier' })
      expect([await accepts(first), await accepts(pending)]).toEqual([true, false])
      await checking.query('set global strict_password_validation = off')
      expect(await set()).toBe('accepted')
      expect([await accepts(first), await accepts(pending)]).toEqual([false, true])
      await stop()
    } finally {
      await checking.stop()
    }
  })
})
