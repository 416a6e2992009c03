import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { type SecretValue, TextValue } from '@keyplane/core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { keyplane as runKeyplane } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchMariaDb } from '../mariadb/scratch-mariadb.ts'
import { CuttingProxy } from '../postgres/cutting-proxy.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { RealPlane } from '../start-plane.ts'
import { redisAccepts } from './redis-login.ts'
import { startRedisTarget } from './redis-target.ts'
import { type DatabaseEngine, engines, makeUser, type RotatedDatabase, superuserOf } from './rotated-user.ts'
import { changed, loginOf } from './rotator-fixture.ts'
import { accepts } from './stored-logins.ts'

let servers: Readonly<Record<DatabaseEngine, RotatedDatabase>>
let plane: RealPlane
let client: SecretsManagerClient

beforeAll(async () => {
  servers = { postgres: await ScratchServer.start(), mariadb: await ScratchMariaDb.start() }
  plane = new RealPlane()
  const folder = join(import.meta.dirname, 'functions')
  const functions = ['single', 'alternating'].map((name) => ({
    name,
    runtime: 'nodejs',
    handler: `postgres.${name}`,
    folder,
  }))
  writeFileSync(plane.folder.at('functions.json'), JSON.stringify({ functions }))
  await plane.start('store', { flags: ['--functions', 'functions.json', '--threads', '2'] })
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION = '' } = plane.awsEnvironment
  client = new SecretsManagerClient({
    region: AWS_REGION,
    endpoint: plane.facts.storeUrl,
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
  })
})
afterAll(async () => {
  client.destroy()
  await plane.remove()
  for (const server of Object.values(servers)) await server.stop()
})

const current = async (SecretId: string): Promise<SecretValue> =>
  new TextValue((await client.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '')

/** Rotates once, and gives the logins before and after; meanwhile what the store gives is used all the time. */
const rotated = async (SecretId: string, RotationLambdaARN?: string) => {
  const before = await current(SecretId)
  const ClientRequestToken = randomUUID()
  const asked = new RotateSecretCommand({ SecretId, ClientRequestToken, RotationLambdaARN })
  // The one before is verified after its version is current.
  const isTaken = (): Promise<boolean> =>
    client.send(asked).then(
      () => true,
      (error: Error) => {
        if (error.message.startsWith("A previous rotation isn't complete.")) return false
        throw error
      },
    )
  await expect.poll(isTaken, { timeout: 20_000, interval: 50 }).toBe(true)
  await expect
    .poll(
      async () => {
        const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId }))
        return VersionIdsToStages?.[ClientRequestToken]?.includes('AWSCURRENT')
      },
      { timeout: 20_000, interval: 50 },
    )
    .toBe(true)
  return { before, after: await current(SecretId) }
}

/** What `keyplane rotation status` says. */
const statusOf = async (name: string): Promise<string> =>
  (await runKeyplane(['rotation', 'status', name], { cwd: plane.cwd }).finished).stdout

const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`
const builtIn = (name: string): string => `arn:keyplane:rotation:::${name}`

let users = 0
/** A secret with the login of a user of its own; an administrator's beside it. */
const stored = async (
  engine: DatabaseEngine,
  more: { readonly master: boolean; readonly port?: number },
): Promise<string> => {
  const server = servers[engine]
  const user = `stored${(users += 1)}`
  const login = loginOf(await makeUser(server, user, more.port))
  const superuser = String(superuserOf(server).reveal())
  const made = await client.send(new CreateSecretCommand({ Name: `master-${user}`, SecretString: superuser }))
  const value = more.master ? { ...login, masterarn: made.ARN } : login
  await client.send(new CreateSecretCommand({ Name: `app-${user}`, SecretString: JSON.stringify(value) }))
  return `app-${user}`
}

describe.each<[string, DatabaseEngine, string, boolean]>([
  ['a function for one user of PostgreSQL', 'postgres', functionArn('single'), false],
  ['the store’s own rotator for one user of PostgreSQL', 'postgres', builtIn('postgres-user'), false],
  [
    'the store’s own rotator for one user of PostgreSQL, by an administrator',
    'postgres',
    builtIn('postgres-user'),
    true,
  ],
  ['the store’s own rotator for one user of MariaDB', 'mariadb', builtIn('mysql-user'), false],
  ['the store’s own rotator for one user of MariaDB, by an administrator', 'mariadb', builtIn('mysql-user'), true],
])('RotateSecret by %s', (_, engine, arn, master) => {
  it('leaves the new password accepted, and the old one refused, time after time', async () => {
    const name = await stored(engine, { master })
    for (const lambda of [arn, undefined]) {
      const { before, after } = await rotated(name, lambda)
      expect(loginOf(after)).toEqual({ ...loginOf(before), password: expect.any(String) })
      expect([await accepts(before), await accepts(after)]).toEqual([false, true])
    }
  })
})

describe.each<[string, DatabaseEngine, string]>([
  ['a function for two users of PostgreSQL', 'postgres', functionArn('alternating')],
  ['the store’s own rotator for two users of PostgreSQL', 'postgres', builtIn('postgres-two-users')],
  ['the store’s own rotator for two users of MariaDB', 'mariadb', builtIn('mysql-two-users')],
])('RotateSecret by %s', (_, engine, arn) => {
  it('takes turns between them: the login before stays accepted', async () => {
    const name = await stored(engine, { master: true })
    const names: string[] = []
    for (const lambda of [arn, undefined, undefined]) {
      const { before, after } = await rotated(name, lambda)
      names.push(loginOf(after).username)
      expect([await accepts(before), await accepts(after)]).toEqual([true, true])
    }
    const [first = '', second = '', third] = names
    expect([second, third]).toEqual([first.replace(/_clone$/, ''), first])
  })
})

describe('a password of PostgreSQL that somebody changed at the server', () => {
  const change = async (name: string): Promise<SecretValue> => {
    const before = await current(name)
    await servers.postgres.query(engines.postgres.changing(loginOf(before).username, 'changed-behind'))
    return before
  }

  it('is set anew by a rotator that has an administrator', async () => {
    const name = await stored('postgres', { master: true })
    await change(name)
    const { after } = await rotated(name, builtIn('postgres-user'))
    expect(await accepts(after)).toBe(true)
  })

  it('ends the rotation of one that has none, which touches nothing', async () => {
    const name = await stored('postgres', { master: false })
    const before = await change(name)
    const asked = { SecretId: name, RotationLambdaARN: builtIn('postgres-user'), ClientRequestToken: randomUUID() }
    await client.send(new RotateSecretCommand(asked))
    const failed = 'keyplane_store_rotations_total{outcome="failed"} 1'
    const metrics = async (): Promise<string> => (await fetch(`${plane.facts.storeUrl}/metrics`)).text()
    await expect.poll(metrics, { timeout: 20_000, interval: 100 }).toContain(failed)
    expect(loginOf(await current(name))).toEqual(loginOf(before))
    expect(await accepts(changed(before, { password: 'changed-behind' }))).toBe(true)
  })
})

describe('a rotation whose password the server has taken, and whose answer was lost', () => {
  const cutOff = async () => {
    const proxy = new CuttingProxy(servers.postgres.port)
    onTestFinished(() => proxy.close())
    const name = await stored('postgres', { master: false, port: await proxy.listen() })
    const before = await current(name)
    proxy.cut = { text: 'commit', when: 'after', shuts: true }
    const asked = { SecretId: name, RotationLambdaARN: builtIn('postgres-user'), ClientRequestToken: randomUUID() }
    await client.send(new RotateSecretCommand(asked))
    await expect.poll(() => proxy.isShut, { timeout: 20_000 }).toBe(true)
    const direct = changed(before, { port: servers.postgres.port })
    await expect.poll(() => accepts(direct), { timeout: 5_000 }).toBe(false)
    return { name, before, direct, proxy }
  }
  const labels = async (SecretId: string): Promise<string> =>
    Object.values((await client.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages ?? {})
      .flat()
      .sort()
      .join()

  it('is taken back by keyplane rotation rollback: the old password is accepted again, and current', async () => {
    const { name, before, direct, proxy } = await cutOff()
    expect(await statusOf(name)).toMatch(/created|set/)
    const taken = runKeyplane(['rotation', 'rollback', name], { cwd: plane.cwd })
    await expect.poll(() => taken.stderr, { timeout: 20_000 }).toContain('is paused while its rotation is taken back')
    proxy.isShut = false
    expect(await taken.finished).toMatchObject({ code: 0 })
    expect([await accepts(direct), String((await current(name)).reveal())]).toEqual([true, String(before.reveal())])
    expect(await labels(name)).toBe('AWSCURRENT')
    expect(await statusOf(name)).not.toContain('paused')
  })

  it('goes on where nobody takes it back', async () => {
    const { name, direct, proxy } = await cutOff()
    proxy.isShut = false
    await expect.poll(() => labels(name), { timeout: 30_000 }).toBe('AWSCURRENT,AWSPREVIOUS')
    const after = changed(await current(name), { port: servers.postgres.port })
    expect([await accepts(direct), await accepts(after)]).toEqual([false, true])
  })
})

describe('RotateSecret by the store’s own rotator for a user of Redis', () => {
  const redisSecret = async (usersIn?: 'memory') => {
    const target = await startRedisTarget(usersIn && { usersIn })
    onTestFinished(() => target.stop?.())
    const name = `cache${(users += 1)}`
    const create = (Name: string, value: SecretValue) =>
      client.send(new CreateSecretCommand({ Name, SecretString: String(value.reveal()) }))
    const { ARN: masterarn } = await create(`master-${name}`, superuserOf(target.server))
    await create(name, changed(target.first, { masterarn }))
    return name
  }

  it('leaves the new password accepted, and the old one refused, time after time', async () => {
    const name = await redisSecret()
    for (const lambda of [builtIn('redis-user'), undefined]) {
      const { before, after } = await rotated(name, lambda)
      await expect.poll(() => redisAccepts(before), { timeout: 10_000 }).toBe(false)
      expect(await redisAccepts(after)).toBe(true)
    }
  })

  it('ends, once it is taken back, at a server that would forget the change', async () => {
    const name = await redisSecret('memory')
    const before = await current(name)
    const asked = { SecretId: name, RotationLambdaARN: builtIn('redis-user'), ClientRequestToken: randomUUID() }
    await client.send(new RotateSecretCommand(asked))
    await expect.poll(() => statusOf(name), { timeout: 20_000 }).toContain('not_kept')
    expect(await runKeyplane(['rotation', 'rollback', name], { cwd: plane.cwd }).finished).toMatchObject({ code: 0 })
    expect([await redisAccepts(before), String((await current(name)).reveal())]).toEqual([
      true,
      String(before.reveal()),
    ])
  })
})
