import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { ServiceProcess } from '../service/service-process.ts'
import { databaseEngine, dynamicRole } from './bao-database.ts'
import { BaoServer } from './bao-server.ts'
import { describeRealOpenBao } from './real-openbao.ts'

const server = new BaoServer('bao-2.6')
beforeAll(() => server.startDev())
afterAll(() => server.remove())

describeRealOpenBao('openbao, over a server of the release before', server)

describe('the service over a server of the release before', () => {
  let postgres: ScratchServer
  let service: ServiceProcess
  beforeAll(async () => {
    postgres = await ScratchServer.start()
    await databaseEngine(server, postgres)
    await dynamicRole(server, 'app')
    await server.done('POST', 'secret/data/payments/api-key', { data: { value: 'the key' } })
    const variables = { KEYPLANE_OPENBAO_ADDR: server.endpoint, KEYPLANE_OPENBAO_TOKEN: server.rootToken }
    service = await new ServiceProcess({
      config: {
        environments: { production: { source: 'openbao', variables, cache: 'local', pollInterval: '1s' } },
        tools: { payments: { secrets: { apiKey: 'payments/api-key', db: { ref: 'database/app', kind: 'dynamic' } } } },
      },
    }).start()
  }, 60_000)
  afterAll(async () => {
    await service?.remove()
    await postgres?.stop()
  })

  it('gives secrets, and credentials that the database takes', async () => {
    const { body } = await service.configuration('payments', 'production')
    expect(body).toMatchObject({ status: 'ok', secrets: { apiKey: { value: 'the key' } } })
    const login = JSON.parse(body.secrets['db']?.value ?? '{}') as { username: string; password: string }
    const client = new Client({
      host: '127.0.0.1',
      port: postgres.port,
      database: 'postgres',
      user: login.username,
      password: login.password,
    })
    await client.connect()
    await client.end()
  })

  it('sees a change within the interval, and how the server stands', async () => {
    await server.done('POST', 'secret/data/payments/api-key', { data: { value: 'the second' } })
    const value = async () => (await service.configuration('payments', 'production')).body.secrets['apiKey']?.value
    await expect.poll(value, { timeout: 5_000 }).toBe('the second')
    const { body } = await service.ask('/v1/environments/production/health')
    expect(body).toMatchObject({ state: 'normal', sources: [{ name: 'openbao', state: 'active' }] })
  })
})
