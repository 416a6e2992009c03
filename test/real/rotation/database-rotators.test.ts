import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeRotator } from '@keyplane/rotation/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchMariaDb } from '../mariadb/scratch-mariadb.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { kindNames, type RotatedDatabase, superuserOf } from './rotated-user.ts'
import { callOf, changed, databaseFixture, loginOf } from './rotator-fixture.ts'

interface Facts {
  readonly start: () => Promise<RotatedDatabase>
  /** What a change of a password ends with. */
  readonly cutAt: string
  readonly verifier: (user: string) => string
  readonly form: RegExp
  readonly statements: (server: RotatedDatabase) => readonly string[]
}

const servers: Readonly<Record<string, Facts>> = {
  PostgreSQL: {
    start: () =>
      ScratchServer.start({
        settings: ['logging_collector=on', 'log_directory=log', 'log_statement=all', 'log_min_duration_statement=0'],
      }),
    cutAt: 'commit',
    verifier: (user) => `select rolpassword as verifier from pg_authid where rolname = '${user}'`,
    form: /^SCRAM-SHA-256\$4096:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=$/,
    statements: ({ folder }) => {
      const logs = join(folder, 'data', 'log')
      return readdirSync(logs).map((file) => join(logs, file))
    },
  },
  MariaDB: {
    start: () => ScratchMariaDb.start(),
    cutAt: 'set password for',
    verifier: (user) => `select authentication_string as verifier from mysql.user where user = '${user}'`,
    form: /^\*[0-9A-F]{40}$/,
    statements: ({ folder }) => [join(folder, 'statements.log')],
  },
}

describe.each(Object.entries(servers))('%s', (serverName, { start, cutAt, verifier, form, statements }) => {
  let server: RotatedDatabase
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  for (const kind of kindNames)
    describeRotator(`${kind} of ${serverName}`, () => databaseFixture(server, kind), { describe, it })

  describe.each(kindNames)('%s', (kind) => {
    it('is given a verifier, and no statement has a password in it', async () => {
      const { rotator, first, stop } = await databaseFixture(server, kind)
      const pending = await rotator.create(callOf('v2'), first)
      await rotator.set(callOf('v2'), { current: first, pending })
      const { username, password } = loginOf(pending)
      const kept = String((await server.query(verifier(username)))[0]?.['verifier'])
      expect(kept).toMatch(form)
      const log = statements(server)
        .map((file) => readFileSync(file, 'utf8'))
        .join('')
      expect(log).toContain(kept)
      expect(log).not.toContain(password)
      await stop()
    })

    it.each(['before', 'after'] as const)(
      'is set by a second try where the connection is cut %s the change',
      async (when) => {
        const { rotator, first, proxy, accepts, stop } = await databaseFixture(server, kind)
        const pending = await rotator.create(callOf('v2'), first)
        proxy.cut = { text: cutAt, when }
        await expect(rotator.set(callOf('v2'), { current: first, pending })).rejects.toMatchObject({
          code: 'unavailable',
        })
        expect(proxy.cuts).toBe(1)
        expect((await accepts(first)) || (await accepts(pending))).toBe(true)
        expect(await rotator.set(callOf('v2'), { current: first, pending })).toBe('accepted')
        expect(await accepts(pending)).toBe(true)
        await stop()
      },
    )

    it.each(['before', 'after'] as const)('is taken back where the connection was cut %s the change', async (when) => {
      const { rotator, first, proxy, accepts, stop } = await databaseFixture(server, kind)
      const pending = await rotator.create(callOf('v2'), first)
      proxy.cut = { text: cutAt, when }
      await rotator.set(callOf('v2'), { current: first, pending }).catch(() => undefined)
      await rotator.revert(callOf('v2'), { current: first, pending })
      await rotator.discard?.(callOf('v2'), { current: first, pending })
      expect([await accepts(first), await accepts(pending)]).toEqual([true, false])
      await stop()
    })

    it('does not change a user of another server', async () => {
      const { rotator, first, stop } = await databaseFixture(server, kind)
      const elsewhere = changed(await rotator.create(callOf('v2'), first), { host: 'localhost' })
      await expect(rotator.set(callOf('v2'), { current: first, pending: elsewhere })).rejects.toMatchObject({
        code: 'source_misconfigured',
      })
      await stop()
    })

    it('does not change another user', async () => {
      const { rotator, first, accepts, stop } = await databaseFixture(server, kind)
      const { username } = loginOf(superuserOf(server))
      const other = changed(await rotator.create(callOf('v2'), first), { username })
      await expect(rotator.set(callOf('v2'), { current: first, pending: other })).rejects.toMatchObject({
        code: 'source_misconfigured',
        reason: 'other_user',
      })
      expect(await accepts(superuserOf(server))).toBe(true)
      await stop()
    })
  })

  it('has no second user whose name would be cut', async () => {
    const { rotator, first, stop } = await databaseFixture(server, 'two users')
    const long = changed(first, { username: 'u'.repeat(60) })
    await expect(rotator.create(callOf('v2'), long)).rejects.toMatchObject({ reason: 'user_name' })
    await stop()
  })
})
