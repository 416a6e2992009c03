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
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { RealPlane } from '../start-plane.ts'

let server: ScratchServer
let plane: RealPlane
let client: SecretsManagerClient

beforeAll(async () => {
  server = await ScratchServer.start()
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
  await server.stop()
})

interface Login {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly dbname: string
}

const logsIn = async ({ username: user, password, dbname: database, ...at }: Login): Promise<boolean> => {
  const connection = new Client({ ...at, user, password, database })
  connection.on('error', () => undefined)
  return connection.connect().then(
    () => connection.end().then(() => true),
    () => false,
  )
}

const current = async (SecretId: string): Promise<Login> =>
  JSON.parse((await client.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '')

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

const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`
const builtIn = (name: string): string => `arn:keyplane:rotation:::${name}`

const superuser = (): Login => {
  const url = new URL(server.url())
  const at = { host: '127.0.0.1', port: server.port, dbname: 'postgres' }
  return { ...at, username: url.username, password: decodeURIComponent(url.password) }
}
let users = 0
const made = async (): Promise<{ readonly name: string; readonly login: Login & { readonly masterarn: string } }> => {
  const username = `stored${(users += 1)}`
  await server.query(`create role ${username} login password 'first-password'`)
  const { ARN: masterarn = '' } = await client.send(
    new CreateSecretCommand({ Name: `master-${username}`, SecretString: JSON.stringify(superuser()) }),
  )
  const login = { ...superuser(), username, password: 'first-password', masterarn }
  const name = `app-${username}`
  return { name, login }
}
const stored = async (more: { readonly master: boolean }): Promise<string> => {
  const { name, login } = await made()
  const { masterarn, ...plain } = login
  await client.send(
    new CreateSecretCommand({
      Name: name,
      SecretString: JSON.stringify(more.master ? { ...plain, masterarn } : plain),
    }),
  )
  return name
}

describe.each([
  ['a function for one user', functionArn('single'), false],
  ['the store’s own rotator for one user', builtIn('postgres-user'), false],
  ['the store’s own rotator for one user, by an administrator', builtIn('postgres-user'), true],
])('RotateSecret by %s of a real PostgreSQL', (_, arn, master) => {
  it('leaves the new password accepted, and the old one refused, time after time', async () => {
    const name = await stored({ master })
    for (const lambda of [arn, undefined]) {
      const { before, after } = await rotated(name, lambda)
      expect(after).toEqual({ ...before, password: expect.any(String) })
      expect([await logsIn(before), await logsIn(after)]).toEqual([false, true])
    }
  })
})

describe.each([
  ['a function for two users', functionArn('alternating')],
  ['the store’s own rotator for two users', builtIn('postgres-two-users')],
])('RotateSecret by %s of a real PostgreSQL', (_, arn) => {
  it('takes turns between them: the login before stays accepted', async () => {
    const name = await stored({ master: true })
    const names: string[] = []
    for (const lambda of [arn, undefined, undefined]) {
      const { before, after } = await rotated(name, lambda)
      names.push(after.username)
      expect([await logsIn(before), await logsIn(after)]).toEqual([true, true])
    }
    const [first = '', second = '', third] = names
    expect([second, third]).toEqual([first.replace(/_clone$/, ''), first])
  })
})

describe('a password of PostgreSQL that somebody changed at the server', () => {
  const change = async (name: string) => {
    const before = await current(name)
    await server.query(`alter role ${before.username} password 'changed-behind'`)
    return before
  }

  it('is set anew by a rotator that has an administrator', async () => {
    const name = await stored({ master: true })
    await change(name)
    const { after } = await rotated(name, builtIn('postgres-user'))
    expect(await logsIn(after)).toBe(true)
  })

  it('ends the rotation of one that has none, which touches nothing', async () => {
    const name = await stored({ master: false })
    const before = await change(name)
    const asked = { SecretId: name, RotationLambdaARN: builtIn('postgres-user'), ClientRequestToken: randomUUID() }
    await client.send(new RotateSecretCommand(asked))
    const failed = 'keyplane_store_rotations_total{outcome="failed"} 1'
    const metrics = async (): Promise<string> => (await fetch(`${plane.facts.storeUrl}/metrics`)).text()
    await expect.poll(metrics, { timeout: 20_000, interval: 100 }).toContain(failed)
    expect(await current(name)).toEqual(before)
    expect(await logsIn({ ...before, password: 'changed-behind' })).toBe(true)
  })
})
