import {
  type SecretProvider,
  SecretsError,
  type SecretVersion,
  systemClock,
  systemRandom,
  TextValue,
} from '@keyplane/core'
import { postgresTwoUsersRotator, postgresUserRotator, type Rotator, rotationEngine } from '@keyplane/rotation'
import { memoryJournal, type MemoryVersions, memoryVersions } from '@keyplane/rotation/testing'
import { openSecrets } from '@keyplane/secrets'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'

const perSecond = 100
const rotations = 5
const secretId = 'prod/db'

let server: ScratchServer
let users = 0
beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())

interface Login {
  readonly username: string
  readonly password: string
}

/** What readers get, as a provider gives it. */
const providerOver = (versions: MemoryVersions): SecretProvider => ({
  name: 'rotated',
  get: async ({ id, stage = 'current' }): Promise<SecretVersion> => {
    const version = versions.stages.get(stage as 'current')
    const value = version !== undefined && versions.values.get(version)
    if (!value) throw new SecretsError('version_not_found', `There is no ${stage} version.`)
    return Object.freeze({ id, version, stages: [stage], value })
  },
})

const logIn = async (text: string): Promise<void> => {
  const { username: user, password } = JSON.parse(text) as Login
  const client = new Client({ host: '127.0.0.1', port: server.port, user, password, database: 'postgres' })
  client.on('error', () => undefined)
  await client.connect()
  await client.end()
}

/** So many a second, each whether or not the others are done; what failed. */
const loggingIn = (act: () => Promise<void>) => {
  const failures: unknown[] = []
  const all: Promise<void>[] = []
  const timer = setInterval(
    () => all.push(act().catch((error: unknown) => void failures.push(error))),
    1_000 / perSecond,
  )
  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all(all)
      return { failures, count: all.length }
    },
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe.each<[string, (admin: TextValue) => Rotator]>([
  ['one user, who changes his own password', () => postgresUserRotator({ random: systemRandom })],
  ['one user, by an administrator', (admin) => postgresUserRotator({ random: systemRandom, admin: async () => admin })],
  ['two users', (admin) => postgresTwoUsersRotator({ random: systemRandom, admin: async () => admin })],
])('a hundred logins a second through rotations of %s', (_, rotatorOf) => {
  it('do not fail', async () => {
    const user = `reader${(users += 1)}`
    await server.query(`create role ${user} login password 'first-password'`)
    const place = { host: '127.0.0.1', port: server.port, dbname: 'postgres' }
    const superuser = new URL(server.url())
    const password = decodeURIComponent(superuser.password)
    const admin = new TextValue(JSON.stringify({ ...place, username: superuser.username, password }))
    const first = new TextValue(JSON.stringify({ ...place, username: user, password: 'first-password' }))
    const versions = memoryVersions({ versionId: 'v0', value: first })
    const rotator = rotatorOf(admin)
    const journal = memoryJournal(systemClock)
    const engine = rotationEngine({ journal, versions, rotators: [rotator], clock: systemClock, random: systemRandom })
    // What is cached for an hour is refused after the next rotation but one.
    const secrets = openSecrets({ providers: [providerOver(versions)], environment: false, env: {}, cacheTtl: '1h' })
    const readers = loggingIn(() => secrets.withSecret(secretId, logIn))
    for (let round = 0; round < rotations; round += 1) {
      await wait(500)
      await engine.begin({ secretId, rotator: rotator.name })
      expect(await engine.advance(secretId)).toMatchObject({ status: 'ended', rotation: { state: 'finished' } })
    }
    await wait(300)
    const { failures, count } = await readers.stop()
    await secrets.close()
    expect(failures).toEqual([])
    expect(count).toBeGreaterThan(rotations * 0.5 * perSecond * 0.8)
  })
})
