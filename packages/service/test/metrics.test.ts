import { memoryProvider } from '@keyplane/secrets/providers'
import { afterEach, describe, expect, it } from 'vitest'
import { type Served, serve } from './serve.ts'

let served: Served
afterEach(() => served.service.close())

const path = '/v1/environments/production/tools/payments/configuration'
const elsewhere = { 'x-forwarded-for': '192.0.2.7' }

describe('metrics', () => {
  it('count requests by route and status, reads by environment and result, and name nothing else', async () => {
    const local = memoryProvider({ secrets: { apiKey: 'value' } })
    served = await serve({}, { name: 'remote', get: (ref, call) => local.get(ref, call) })
    await served.get(path, { headers: { 'cache-control': 'no-cache' } })
    await served.get(path)
    await served.get(path, { headers: { authorization: '' } })
    await served.get('/v1/nothing/canary')
    const answer = await served.get('/metrics', { headers: { authorization: '' } })
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=/)
    const text = await answer.text()
    const route = 'route="/v1/environments/:environment/tools/:tool/configuration"'
    expect(text).toContain(`keyplane_service_requests_total{${route},status="200"} 2`)
    expect(text).toContain(`keyplane_service_requests_total{${route},status="401"} 1`)
    expect(text).toContain('keyplane_service_requests_total{route="none",status="404"} 1')
    expect(text).toContain(`keyplane_service_request_duration_seconds_count{${route}} 3`)
    expect(text).toContain('keyplane_service_reads_total{environment="production",result="source"} 1')
    expect(text).toContain('keyplane_service_reads_total{environment="production",result="cached"} 1')
    expect(text).not.toMatch(/canary|payments|apiKey|shop|127\.0\.0\.1/)
  })

  it('are for clients elsewhere who may read them everywhere', async () => {
    served = await serve()
    expect((await served.get('/metrics', { headers: elsewhere })).status).toBe(200)
    expect((await served.get('/metrics', { headers: { ...elsewhere, authorization: '' } })).status).toBe(401)
    await served.service.close()
    const allow = [
      { actions: ['configuration:read'], environments: ['*'], tools: ['*'] },
      { actions: ['metrics:read'], environments: ['production'], tools: ['*'] },
    ]
    served = await serve({ roles: { all: { allow } } })
    expect((await served.get('/metrics', { headers: elsewhere })).status).toBe(403)
    expect(served.records).toMatchObject([{ actor: 'shop', action: 'metrics:read', decision: 'deny' }])
  })
})
