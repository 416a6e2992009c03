import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SecretProvider, type SecretRef, systemRandom, TextValue, uuid } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { openSecrets } from '@keyplane/secrets'
import { awsProvider } from '@keyplane/secrets/providers'
import { parseIam, startStore } from '@keyplane/store'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPostgres } from './start-postgres.ts'
import { startRedis } from './start-redis.ts'

const clients = 200
const region = 'eu-west-1'
const developer = { accessKeyId: 'AKIADEVELOPER0000001', secretAccessKey: 'developer-secret-access-key-01' }

/** A store of our own, and programs that read from it, with each of their calls noted. */
const startSecrets = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-store-'))
  const iam = {
    account: '000000000000',
    users: [{ name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess'] }],
  }
  const store = await startStore({
    databasePath: join(folder, 'store.sqlite'),
    rootKey: fileRootKey({ path: join(folder, 'root.key'), random: systemRandom }),
    iam: parseIam(JSON.stringify(iam)),
    port: 0,
  })
  const connect = (): SecretProvider => awsProvider({ region, endpoint: store.url, credentials: developer })
  const writer = connect()
  return {
    put: async (id: string, text: string): Promise<void> => {
      await writer.write?.put({ id }, new TextValue(text), { idempotencyKey: uuid(systemRandom) })
    },
    openProgram: () => {
      const aws = connect()
      const calls: SecretRef[] = []
      const get: SecretProvider['get'] = (ref, call) => {
        calls.push(ref)
        return aws.get(ref, call)
      }
      const counted = { name: 'aws', get, close: async () => aws.close?.() }
      return { calls, secrets: openSecrets({ providers: [counted], environment: false, env: {}, cacheTtl: '1h' }) }
    },
    stop: async (): Promise<void> => {
      await writer.close?.()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Runs `use` for 200 clients at a time, again and again. */
const useAllTheTime = (use: () => Promise<unknown>) => {
  const failures: unknown[] = []
  const state = { uses: 0, ended: false }
  const loops = Array.from({ length: clients }, async () => {
    while (!state.ended) {
      await use().catch((error: unknown) => failures.push(error))
      state.uses += 1
    }
  })
  return {
    /** Until everybody, on average, has used it as often again. */
    rounds: async (count: number): Promise<void> => {
      const until = state.uses + count * clients
      while (state.uses < until) await new Promise((resolve) => setTimeout(resolve, 10))
    },
    end: async (): Promise<readonly unknown[]> => {
      state.ended = true
      await Promise.all(loops)
      return failures
    },
  }
}

interface Server {
  readonly setPassword: (password: string) => Promise<void>
  readonly logIn: (password: string) => Promise<void>
  readonly stop: () => Promise<void>
}

const postgres = async (): Promise<Server> => {
  const server = await startPostgres()
  await server.query('CREATE ROLE app LOGIN')
  return {
    ...server,
    setPassword: (password) => server.query(`ALTER ROLE app PASSWORD '${password}'`),
    logIn: async (password) => {
      const client = new Client({ host: '127.0.0.1', port: server.port, database: 'postgres', user: 'app', password })
      await client.connect()
      await client.query('SELECT 1').finally(() => client.end())
    },
  }
}

const redis = async (): Promise<Server> => {
  const server = await startRedis()
  await server.call('ACL', 'SETUSER', 'app', 'on', '+ping', '~*')
  return {
    ...server,
    setPassword: (password) => server.call('ACL', 'SETUSER', 'app', 'resetpass', `>${password}`),
    logIn: async (password) => {
      const options = { lazyConnect: true, retryStrategy: () => null, username: 'app', password }
      const client = new Redis({ host: '127.0.0.1', port: server.port, ...options, enableReadyCheck: false })
      // It tells why it could not log in by an event; its promise says only that it could not.
      const refused = new Promise<never>((_, reject) => client.once('error', reject))
      try {
        await Promise.race([client.connect(), refused])
        await client.ping()
      } finally {
        client.disconnect()
      }
    },
  }
}

let store: Awaited<ReturnType<typeof startSecrets>>
beforeAll(async () => {
  store = await startSecrets()
})
afterAll(() => store.stop())

describe.each([
  ['PostgreSQL', postgres],
  ['Redis', redis],
])('a password of %s that is changed under 200 clients, with a TTL of an hour', (name, start) => {
  let server: Server
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  it('is noticed by none of them, and asked for once', async () => {
    const id = `${name}/in-time`
    await server.setPassword('password-one')
    await store.put(id, 'password-one')
    const { secrets, calls } = store.openProgram()
    const use = useAllTheTime(() => secrets.withSecret(id, server.logIn))
    await use.rounds(1)
    await store.put(id, 'password-two')
    await use.rounds(1)
    expect(calls).toEqual([{ id }])
    await server.setPassword('password-two')
    await use.rounds(2)
    expect(await use.end()).toEqual([])
    expect(calls).toEqual([{ id }, { id }])
    await secrets.close()
  })

  it('is noticed by none of them where the store hears of it half a second late', async () => {
    const id = `${name}/late`
    await server.setPassword('password-one')
    await store.put(id, 'password-one')
    const { secrets, calls } = store.openProgram()
    const use = useAllTheTime(() => secrets.withSecret(id, server.logIn, { patience: '10s' }))
    await use.rounds(1)
    await server.setPassword('password-two')
    await new Promise((resolve) => setTimeout(resolve, 500))
    await store.put(id, 'password-two')
    await use.rounds(2)
    expect(await use.end()).toEqual([])
    expect(calls.length).toBeLessThan(30)
    await secrets.close()
  })

  it('is the clients’ own refusal where it is simply wrong', async () => {
    const id = `${name}/wrong`
    await server.setPassword('password-one')
    await store.put(id, 'another password')
    const { secrets } = store.openProgram()
    const use = secrets.withSecret(id, server.logIn, { patience: 0 })
    await expect(use).rejects.toThrow(/password authentication failed|WRONGPASS/)
    await secrets.close()
  })
})
