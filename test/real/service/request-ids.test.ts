import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { databaseEngine, dynamicRole } from '../openbao/bao-database.ts'
import { BaoServer, untilTrue } from '../openbao/bao-server.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { type BaoService, type BaoServiceOptions, loginVariables, serviceRole, startBaoService } from './bao-service.ts'

const bao = new BaoServer()
let database: ScratchServer
let variables: Readonly<Record<string, string>>
beforeAll(async () => {
  database = await ScratchServer.start()
  await bao.startDev()
  await databaseEngine(bao, database)
  await dynamicRole(bao, 'app', { default_ttl: '4s', max_ttl: '1h' })
  for (const name of ['one', 'two']) await bao.done('POST', `secret/data/allowed/${name}`, { data: { value: name } })
  await bao.done('POST', 'sys/config/auditing/request-headers/X-Correlation-Id', { hmac: false })
  variables = loginVariables(await serviceRole(bao, 'service'))
})
afterAll(async () => {
  await bao.remove()
  await database.stop()
})

const services: BaoService[] = []
afterEach(async () => {
  for (const { running } of services.splice(0)) await running.close()
})
const start = async (secrets: object, environment: object = {}): Promise<BaoService> => {
  const options: BaoServiceOptions = { secrets, variables, environment: { warm: false, ...environment } }
  const service = await startBaoService(bao, options)
  services.push(service)
  return service
}

/** What OpenBao's audit log has of the requests to a path, but for those of this test, which are by the root token. */
interface AuditLine {
  readonly id: string
  readonly cause: string | undefined
}

const linesOf = (path: string): readonly AuditLine[] =>
  bao.auditLog
    .split('\n')
    .filter((line) => line.includes('"type":"request"') && line.includes(`"path":"${path}"`))
    .filter((line) => !line.includes('"policies":["root"]'))
    .map((line) => {
      const { id, headers } = (JSON.parse(line) as { readonly request: { id: string; headers?: object } }).request
      return { id, cause: (headers as Record<string, string[]> | undefined)?.['x-correlation-id']?.[0] }
    })

/** What the service recorded of each delivery of a secret. */
const deliveriesOf = ({ records }: BaoService, secret: string) =>
  records
    .filter(({ resource }) => resource === `production/app/${secret}`)
    .map(({ requestId, detail = {} }) => ({ requestId, origin: detail['openbao.requestId'] }))

it('each value that is delivered names the one line of OpenBao’s audit log that it was read by, cached or not', async () => {
  const service = await start({ one: 'allowed/one', two: 'allowed/two' })
  for (const id of ['first', 'second']) await service.read({ 'x-request-id': id })
  await service.read({ 'x-request-id': 'third', 'cache-control': 'no-cache' })
  for (const name of ['one', 'two']) {
    const lines = linesOf(`secret/data/allowed/${name}`)
    expect(lines.map(({ cause }) => cause)).toEqual(['first', 'third'])
    const [first, third] = lines.map(({ id }) => id)
    expect(deliveriesOf(service, name)).toEqual([
      { requestId: 'first', origin: first },
      { requestId: 'second', origin: first },
      { requestId: 'third', origin: third },
    ])
  }
})

it('a hundred requests at once are one read, which one of them has caused', async () => {
  await bao.done('POST', 'secret/data/allowed/many', { data: { value: 'many' } })
  const service = await start({ many: 'allowed/many' })
  const ids = Array.from({ length: 100 }, (_, index) => `caller-${index}`)
  await Promise.all(ids.map((id) => service.read({ 'x-request-id': id })))
  const [line, ...others] = linesOf('secret/data/allowed/many')
  expect(others).toEqual([])
  expect(ids).toContain(line?.cause)
  const deliveries = deliveriesOf(service, 'many')
  expect(new Set(deliveries.map(({ requestId }) => requestId))).toEqual(new Set(ids))
  expect(new Set(deliveries.map(({ origin }) => origin))).toEqual(new Set([line?.id]))
})

it('a credential names the request that had it made; its renewals are nobody’s', async () => {
  const service = await start({ db: { ref: 'database/app', kind: 'dynamic' } })
  const before = linesOf('sys/leases/renew').length
  await service.read({ 'x-request-id': 'maker' })
  await untilTrue('a renewal', async () => {
    await service.read({ 'x-request-id': 'reader' })
    return linesOf('sys/leases/renew').length > before
  })
  const made = linesOf('database/creds/app')
  expect(made.map(({ cause }) => cause)).toEqual(['maker'])
  expect(new Set(deliveriesOf(service, 'db').map(({ origin }) => origin))).toEqual(new Set(made.map(({ id }) => id)))
  expect(linesOf('sys/leases/renew').at(-1)?.cause).toBeUndefined()
})

it('a login is the doing of the request that needed it', async () => {
  const before = linesOf('auth/approle/login').length
  const service = await start({ one: 'allowed/one' })
  await service.read({ 'x-request-id': 'needs-login' })
  expect(linesOf('auth/approle/login').slice(before)).toMatchObject([{ cause: 'needs-login' }])
})
