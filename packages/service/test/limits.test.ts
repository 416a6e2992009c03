import { afterEach, describe, expect, it } from 'vitest'
import { type Served, serve } from './serve.ts'

let served: Served
afterEach(() => served.service.close())

const path = '/v1/environments/production/tools/payments/configuration'

describe('limits', () => {
  it('hold for a client', async () => {
    served = await serve({ limits: { perClient: '2/min' } })
    expect([(await served.get(path)).status, (await served.get(path)).status]).toEqual([200, 200])
    const third = await served.get(path)
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '30'])
    expect(await third.json()).toMatchObject({ code: 'rate_limited', title: 'Too Many Requests' })
  })

  it('hold for an address that shows no known key, and not for probes or for who shows one', async () => {
    served = await serve({ limits: { unauthenticated: '12/min' } })
    const wrong = (): Promise<Response> => served.get(path, { headers: { authorization: 'Bearer kps_wrong' } })
    expect([(await wrong()).status, (await wrong()).status, (await wrong()).status]).toEqual([401, 401, 429])
    const nobody = { headers: { authorization: '' } }
    expect((await served.get('/openapi.json', nobody)).status).toBe(429)
    expect((await served.get('/v1/nothing', nobody)).status).toBe(429)
    expect((await served.get('/healthz', nobody)).status).toBe(200)
    expect((await served.get(path)).status).toBe(200)
  })

  it('hold for who asks through a proxy that is named, and for whoever only says that he does', async () => {
    const statuses = async (...addresses: readonly string[]): Promise<number[]> => {
      const answers = []
      for (const address of addresses)
        answers.push(await served.get('/v1/nothing', { headers: { 'x-forwarded-for': address } }))
      return answers.map(({ status }) => status)
    }
    const limits = { unauthenticated: '1/min' }
    served = await serve({ limits, listen: { port: 0, proxies: ['127.0.0.0/8'] } })
    expect(await statuses('10.0.0.1', '10.0.0.1', '10.0.0.9, 10.0.0.2', '10.0.0.8, 10.0.0.2')).toEqual([
      404, 429, 404, 429,
    ])
    await served.get(path, { headers: { authorization: 'Bearer kps_wrong', 'x-forwarded-for': '10.0.0.3' } })
    expect(served.records.at(-1)).toMatchObject({ detail: { address: '10.0.0.3' } })
    await served.service.close()
    served = await serve({ limits })
    expect(await statuses('10.0.0.1', '10.0.0.2')).toEqual([404, 429])
  })

  it('can be none', async () => {
    served = await serve({ limits: { perClient: 'none', unauthenticated: 'none' } })
    for (let time = 0; time < 150; time += 1) await (await served.get('/v1/nothing')).text()
    expect((await served.get('/v1/nothing')).status).toBe(404)
  })
})

describe('a caller who leaves', () => {
  it('ends the read at the source', async () => {
    let [begun, ended] = [(): void => {}, (): void => {}]
    const beginning = new Promise<void>((resolve) => (begun = resolve))
    const end = new Promise<void>((resolve) => (ended = resolve))
    served = await serve(
      {},
      {
        name: 'hanging',
        get: (_ref, { signal } = {}) => {
          begun()
          return new Promise((_, reject) =>
            signal?.addEventListener('abort', () => {
              ended()
              reject(signal.reason as Error)
            }),
          )
        },
      },
    )
    const leaving = new AbortController()
    const asking = served.get(path, { signal: leaving.signal }).catch(() => 'left')
    await beginning
    leaving.abort()
    await end
    expect(await asking).toBe('left')
  })
})

describe('the record', () => {
  it('has who showed no key, too', async () => {
    served = await serve()
    await served.get(path, { headers: { authorization: '', 'x-request-id': 'mine' } })
    expect(served.records).toMatchObject([{ actor: '-', action: 'authenticate', decision: 'deny', requestId: 'mine' }])
  })
})
