import { inspect } from 'node:util'
import { type SecretValue, systemClock, systemRandom, TextValue } from '@keyplane/core'
import { mongodbTwoUsersRotator, mongodbUserRotator, type Rotator, type RotatorCall } from '@keyplane/rotation'
import { describeRotator, type RotatorFixture } from '@keyplane/rotation/testing'
import { MongoClient } from 'mongodb'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MongodbDouble } from './mongodb-double.ts'

interface Login {
  readonly username: string
  readonly password: string
  readonly port: number
  readonly dbname?: string
}

const loginOf = (value: SecretValue): Login => JSON.parse(String(value.reveal())) as Login
const changed = (value: SecretValue, more: Partial<Login> & { readonly host?: string }): SecretValue =>
  new TextValue(JSON.stringify({ ...loginOf(value), ...more }))

/** Logs in without the rotator. */
const accepts = async (value: SecretValue): Promise<boolean> => {
  const { username, password, port, dbname = 'admin' } = loginOf(value)
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/`, { auth: { username, password }, authSource: dbname })
  try {
    return (await client.db(dbname).command({ ping: 1 }))['ok'] === 1
  } catch {
    return false
  } finally {
    await client.close()
  }
}

const callOf = (pendingVersion: string, more: Partial<RotatorCall> = {}): RotatorCall => ({
  secretId: 'prod/db',
  rotationId: 'r',
  pendingVersion,
  fence: 1,
  signal: new AbortController().signal,
  requireLease: () => undefined,
  ...more,
})

const appRoles = [{ role: 'readWrite', db: 'shop' }]
const kinds: Readonly<Record<string, (admin: SecretValue) => Rotator>> = {
  'one user of MongoDB': () => mongodbUserRotator({ random: systemRandom, timeoutMs: 300 }),
  'one user of MongoDB, by an administrator': (admin) =>
    mongodbUserRotator({ random: systemRandom, timeoutMs: 300, admin: async () => admin }),
  'two users of MongoDB': (admin) =>
    mongodbTwoUsersRotator({ random: systemRandom, timeoutMs: 300, admin: async () => admin }),
}

const fixtureOf = async (kind: string, user: Parameters<MongodbDouble['add']>[2] = {}) => {
  const server = new MongodbDouble()
  await server.raise()
  const valueOf = (login: Omit<Login, 'port'>): SecretValue =>
    new TextValue(JSON.stringify({ host: '127.0.0.1', port: server.port, ...login }))
  server.add('root', 'root-password')
  server.add('app', 'first-password', { roles: appRoles, ...user })
  const dbname = user.db && { dbname: user.db }
  return {
    server,
    rotator: (kinds[kind] as (typeof kinds)[string])(valueOf({ username: 'root', password: 'root-password' })),
    first: valueOf({ username: 'app', password: 'first-password', ...dbname }),
    clock: systemClock,
    random: systemRandom,
    accepts,
    holdsTwo: kind === 'two users of MongoDB',
    lower: () => server.lower(),
    raise: () => server.raise(),
    meddle: async () => server.add('app', 'somebody-elses', { roles: appRoles }),
    stop: () => server.lower(),
  } satisfies RotatorFixture & { server: MongodbDouble }
}

const given = async (kind: string, user?: Parameters<MongodbDouble['add']>[2]) => {
  const fixture = await fixtureOf(kind, user)
  onTestFinished(fixture.stop)
  return fixture
}

/** Rotates once, as far as the target is concerned. */
const rotate = async (rotator: Rotator, current: SecretValue, version = 'v2'): Promise<SecretValue> => {
  const pending = await rotator.create(callOf(version), current)
  expect(await rotator.set(callOf(version), { current, pending })).toBe('accepted')
  return pending
}

for (const kind of Object.keys(kinds)) describeRotator(kind, () => fixtureOf(kind), { describe, it })

describe('what MongoDB is asked', () => {
  it('to change a password is one command, which a majority is to have in time', async () => {
    const { server, rotator, first } = await given('one user of MongoDB')
    const { password } = loginOf(await rotate(rotator, first))
    const changes = server.commands.filter(({ updateUser }) => updateUser !== undefined)
    expect(changes).toEqual([
      {
        updateUser: 'app',
        pwd: password,
        mechanisms: ['SCRAM-SHA-256'],
        writeConcern: { w: 'majority', wtimeout: 300 },
        maxTimeMS: 300,
      },
    ])
  })

  it('to make the clone gives him the user’s roles, ways to log in and where he may do so from', async () => {
    const authenticationRestrictions = [{ clientSource: ['10.0.0.0/8', '127.0.0.1'] }]
    const { server, rotator, first } = await given('two users of MongoDB', { authenticationRestrictions })
    const pending = await rotate(rotator, first)
    expect(loginOf(pending).username).toBe('app_clone')
    const { roles, mechanisms, authenticationRestrictions: where } = server.user('app_clone') ?? {}
    expect({ roles, mechanisms, where }).toEqual({
      roles: appRoles,
      mechanisms: ['SCRAM-SHA-256'],
      where: authenticationRestrictions,
    })
  })

  it('at the clone’s next turn gives him the roles that he misses, and the user none of the clone’s', async () => {
    const { server, rotator, first } = await given('two users of MongoDB')
    const second = await rotate(rotator, first)
    server.user('app')?.roles.push({ role: 'read', db: 'prices' })
    server.user('app_clone')?.roles.push({ role: 'read', db: 'clones' })
    await rotate(rotator, await rotate(rotator, second, 'v3'), 'v4')
    expect(server.user('app')?.roles.map(({ db }) => db)).toEqual(['shop', 'prices'])
    expect(server.user('app_clone')?.roles.map(({ db }) => db)).toEqual(['shop', 'clones', 'prices'])
  })

  it('is asked of the database that the value names, by an administrator who is kept in his own', async () => {
    for (const kind of ['one user of MongoDB, by an administrator', 'two users of MongoDB']) {
      const { server, rotator, first } = await given(kind, { db: 'shop' })
      expect(await accepts(await rotate(rotator, first))).toBe(true)
      expect(server.user('app_clone')).toBeUndefined()
    }
  })
})

describe('a user of MongoDB', () => {
  it.each([
    ['of another database', { dbname: 'other' }],
    ['of another server', { host: 'localhost' }],
    ['another one', { username: 'root' }],
  ])('that a pending version names, and is %s, keeps his password', async (_, more) => {
    for (const kind of Object.keys(kinds)) {
      const { server, rotator, first } = await given(kind)
      const pending = changed(await rotator.create(callOf('v2'), first), more)
      await expect(rotator.set(callOf('v2'), { current: first, pending })).rejects.toMatchObject({
        code: 'source_misconfigured',
      })
      expect(server.commands.filter(({ pwd }) => pwd !== undefined)).toEqual([])
    }
  })

  it('whom nobody knows is told', async () => {
    const { rotator, first } = await given('one user of MongoDB, by an administrator')
    const nobody = changed(first, { username: 'nobody' })
    const pending = await rotator.create(callOf('v2'), nobody)
    await expect(rotator.set(callOf('v2'), { current: nobody, pending })).rejects.toMatchObject({
      code: 'source_misconfigured',
      reason: 'missing_user',
    })
  })

  it('is not asked for at several hosts, nor with other options, where a host’s name has such signs', async () => {
    const { rotator, first, server } = await given('one user of MongoDB')
    for (const host of [`127.0.0.1:${server.port},127.0.0.1`, '127.0.0.1/?directConnection=true&', 'a@127.0.0.1']) {
      const odd = changed(first, { host, ssl: false } as Partial<Login>)
      await expect(rotator.test(callOf('v2'), odd)).rejects.toMatchObject({ code: 'unavailable' })
    }
    expect(server.commands).toEqual([])
  })

  it('is left alone by a step that was given up, and its password in no error', async () => {
    const { rotator, first } = await given('one user of MongoDB')
    const pending = await rotator.create(callOf('v2'), first)
    const ended = new Error('given up')
    const { signal } = { signal: AbortSignal.abort(ended) }
    await expect(rotator.set(callOf('v2', { signal }), { current: first, pending })).rejects.toBe(ended)
    const failure = await rotator
      .set(callOf('v2'), { current: changed(first, { username: 'nobody' }), pending })
      .catch((error: unknown) => error)
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(loginOf(pending).password)
    expect(await accepts(first)).toBe(true)
  })
})
