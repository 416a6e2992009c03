import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@keyplane/core'
import { newApiKey, verifyServiceAudit } from '@keyplane/service'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findMarks, markFor, markOf } from '../../canary-marks.ts'
import { BaoCluster } from '../openbao/bao-cluster.ts'
import { appRole } from '../openbao/bao-roles.ts'
import type { BaoServer } from '../openbao/bao-server.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { RedisServer } from './redis-server.ts'
import { ServiceProcess } from './service-process.ts'

const cluster = new BaoCluster(1)
const redis = new RedisServer()
const valueMark = markOf('value')
const passwordMark = markOf('password')
const [canary, password] = [valueMark.text, passwordMark.text]
/** What Redis was told, word by word. */
const commands: string[] = []
/** What a stream of events told. */
const streamed: string[] = []
const streaming = new AbortController()
let bao: BaoServer
let postgres: ScratchServer
let replicas: readonly [ServiceProcess, ServiceProcess]
let database: string

/** Each value that OpenBao had, in order: `CANARY… 7`. */
let written = 0
const write = async (): Promise<void> => {
  await bao.done('POST', 'secret/data/allowed/key', { data: { value: `${canary} ${written + 1}` } })
  written += 1
}

beforeAll(async () => {
  await Promise.all([cluster.start(), redis.start()])
  postgres = await ScratchServer.start()
  bao = cluster.nodes[0] as BaoServer
  await write()
  await bao.done('POST', 'secret/data/allowed/other', { data: { value: `${canary} of the other` } })
  await redis.monitored((_atMs, command) => commands.push(command.join(' ')))
  database = await postgres.createDatabase('service')
  const { roleId, secretId } = await appRole(bao, 'service')
  const variables = {
    KEYPLANE_OPENBAO_ADDR: bao.endpoint,
    KEYPLANE_OPENBAO_ROLE_ID: roleId,
    KEYPLANE_OPENBAO_SECRET_ID: secretId,
  }
  const files = {
    key: newApiKey(systemRandom),
    files: { 'database.url': database },
    config: {
      environments: { production: { source: 'openbao', variables, cache: 'redis', ttl: '2s', pollInterval: '1s' } },
      redis: { url: redis.url },
      cacheKey: { file: 'cache.key' },
      database: { urlFile: 'database.url' },
      tools: {
        payments: { secrets: { apiKey: 'allowed/key' } },
        other: { secrets: { apiKey: 'allowed/other' } },
      },
    },
  }
  const sharedKey = randomBytes(32)
  const started = (): Promise<ServiceProcess> => {
    const service = new ServiceProcess(files)
    service.putFile('cache.key', sharedKey)
    return service.start()
  }
  replicas = await Promise.all([started(), started()])
  // It ends with the test.
  follow(replicas[1]).catch(() => undefined)
}, 120_000)

const follow = async (replica: ServiceProcess): Promise<void> => {
  const headers = { authorization: `Bearer ${replica.key}` }
  const { body } = await fetch(`${replica.url}/v1/events?environment=production`, { headers, signal: streaming.signal })
  for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) streamed.push(text)
}

afterAll(async () => {
  streaming.abort()
  await Promise.all((replicas ?? []).map((replica) => replica.remove()))
  await Promise.all([cluster.remove(), redis.remove(), postgres?.stop()])
})

interface Sent {
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

const send = (replica: ServiceProcess, path: string, init: Sent, token = replica.key): Promise<Response> =>
  fetch(`${replica.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers },
  })

const makeUser = (replica: ServiceProcess, name: string): Promise<Response> =>
  send(replica, `/v1/users/${name}`, {
    method: 'PUT',
    body: JSON.stringify({ password, roles: ['app'] }),
    headers: { 'idempotency-key': `make-${name}` },
  })

const login = async (replica: ServiceProcess, user: string): Promise<string> => {
  const response = await send(replica, '/v1/sessions', { method: 'POST', body: JSON.stringify({ user, password }) })
  expect(response.status).toBe(201)
  return ((await response.json()) as { token: string }).token
}

describe('two replicas on one PostgreSQL and one Redis', () => {
  let token = ''

  it('give each other’s logins what they may have', async () => {
    const [one, other] = replicas
    expect((await makeUser(one, 'alice')).status).toBe(201)
    token = await login(one, 'alice')
    const response = await send(other, '/v1/environments/production/tools/payments/configuration', {}, token)
    expect(response.status).toBe(200)
  })

  it('lose nothing that they acknowledged, and answer nothing wrong, when one is killed under load', async () => {
    const answered: string[] = []
    const made: string[] = []
    const wrong: string[] = []
    const endMs = Date.now() + 8_000
    const alive = (): boolean => Date.now() < endMs
    const reading = async (_: unknown, client: number): Promise<void> => {
      for (let ask = 0; alive(); ask += 1) {
        const tool = ask % 5 === 0 ? 'other' : 'payments'
        const id = `read-${client}-${ask}`
        const before = written
        const replica = replicas[(client + ask) % 2] as ServiceProcess
        const answer = await replica.configuration(tool, 'production', { 'x-request-id': id }).catch(() => undefined)
        // A connection that the kill cut has no answer; its client asks the other one, which has one for everybody.
        if (!answer && replica === replicas[0]) continue
        if (answer?.status !== 200) {
          wrong.push(`${id}: ${answer?.status ?? 'no answer'}`)
          continue
        }
        answered.push(id)
        const value = answer.body.secrets['apiKey']?.value ?? ''
        const number = Number(value.slice(canary.length))
        const right =
          tool === 'other'
            ? value === `${canary} of the other`
            : value.startsWith(`${canary} `) && number >= 1 && number <= written && number > before - 8
        if (!right || answer.body.status !== 'ok')
          wrong.push(`${id}: ${tool} ${answer.body.status} ${number} of ${before}`)
      }
    }
    const makingUsers = async (): Promise<void> => {
      for (let user = 0; alive(); user += 1) {
        const name = `user-${user}`
        const response = await makeUser(replicas[user % 2] as ServiceProcess, name).catch(() => undefined)
        if (response?.ok) made.push(name)
      }
    }
    const writing = async (): Promise<void> => {
      while (alive()) {
        await write()
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
    const killing = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      await replicas[0].stop('SIGKILL')
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      await replicas[0].start()
    }
    await Promise.all([...Array.from({ length: 20 }, reading), makingUsers(), writing(), killing()])
    expect(wrong).toEqual([])
    expect(answered.length).toBeGreaterThan(200)
    expect(made.length).toBeGreaterThan(5)

    const rows = await postgres.query('select request_id from audit_records', 'service')
    const recorded = new Set(rows.map(({ request_id: id }) => id))
    expect(answered.filter((id) => !recorded.has(id))).toEqual([])
    const users = new Set((await postgres.query('select name from users', 'service')).map(({ name }) => name))
    expect(made.filter((name) => !users.has(name))).toEqual([])
    for (const replica of replicas) expect((await send(replica, '/v1/whoami', {}, token)).status).toBe(200)
    const verdicts = await verifyServiceAudit({ database: { url: database } })
    expect(verdicts.length).toBeGreaterThanOrEqual(2)
    expect(verdicts.every(({ verdict }) => verdict.ok)).toBe(true)
  }, 60_000)

  it('see a change of one at the other, each within the interval', async () => {
    await write()
    for (const replica of replicas)
      await expect
        .poll(async () => (await replica.configuration('payments', 'production')).body.secrets['apiKey']?.value, {
          timeout: 5_000,
        })
        .toBe(`${canary} ${written}`)
  })

  it('write no value, password, token or key anywhere: Redis, PostgreSQL, files, logs, metrics, streams', async () => {
    // It may be saving of its own accord.
    await expect.poll(() => redis.own.save().catch(() => 'busy')).toBe('OK')
    await postgres.query('checkpoint')
    const marks = [valueMark, passwordMark, ...[token, replicas[0].key].map(markFor)]
    const metrics = await Promise.all(replicas.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))
    const places = new Map<string, Buffer | string>([
      ['Redis was told', commands.join('\n')],
      ['Redis wrote', redis.written()],
      ['/metrics', metrics.join('\n')],
      ['/v1/events', streamed.join('')],
      ...replicas.map(({ process }, replica) => [`log ${replica}`, `${process?.stdout}${process?.stderr}`] as const),
      ...[postgres.data, ...replicas.map(({ folder }) => folder.path)].flatMap(filesBelow),
    ])
    expect([...places].flatMap(([place, content]) => findMarks(marks, place, content))).toEqual([])
    // The search looks at what there is.
    expect(metrics.join()).toContain('keyplane_service_reads_total')
    expect(streamed.join('')).toContain('payments')
    expect(commands.length).toBeGreaterThan(10)
    expect([...places].filter(([, content]) => content.includes('alice'))).not.toEqual([])
  })
})

/** Files and what is in them, each with its path. */
const filesBelow = (folder: string): [string, Buffer][] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .map((path) => [path, readFileSync(path)])
