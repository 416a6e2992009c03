import type { BaoServer } from '../../test/real/openbao/bao-server.ts'
import { measured, type Row } from '../row.ts'
import { quantile } from '../statistics.ts'
import { Asking } from './asking.ts'
import { baoEnvironment } from './bao-environment.ts'
import { configurationPath, startOwnService } from './running-service.ts'

const nextRequests = 1_000
const ttlSeconds = 1

/** How long callers wait when OpenBao takes connections and answers nothing: the first, and those after it. */
export const failoverRows = async (bao: BaoServer): Promise<Row[]> => {
  await bao.done('POST', 'secret/data/failover', { data: { value: 'of OpenBao' } })
  const service = await startOwnService({
    config: {
      environments: {
        production: baoEnvironment(bao, { ttl: `${ttlSeconds}s`, fallback: [{ env: '.env.fallback' }] }),
      },
      tools: { payments: { secrets: { apiKey: 'failover' } } },
    },
    files: { '.env.fallback': 'FAILOVER=of the fallback\n' },
  })
  const client = new Asking(service)
  const timed = async (expected: string): Promise<number> => {
    const fromMs = performance.now()
    const { status } = await client.get(configurationPath('payments'))
    if (status !== expected) throw new Error(`The configuration is ${status}, not ${expected}.`)
    return performance.now() - fromMs
  }
  try {
    for (let read = 0; read < nextRequests; read += 1) await timed('ok')
    await bao.pause()
    // What is cached is no longer fresh, and nothing old may be given.
    await new Promise((resolve) => setTimeout(resolve, ttlSeconds * 1_000 + 200))
    const firstMs = await timed('degraded')
    const nextMs: number[] = []
    for (let read = 0; read < nextRequests; read += 1) nextMs.push(await timed('degraded'))
    const facts = { id: 'failover-next', what: 'OpenBao hangs: the next requests, p99', unit: 'ms' }
    return [
      measured({ id: 'failover-first', what: 'OpenBao hangs: the first request', unit: 'ms' }, firstMs, {
        atMost: 2_000,
      }),
      measured(
        { ...facts, note: `${nextRequests} requests, the longest ${Math.max(...nextMs).toFixed(1)} ms` },
        quantile(nextMs, 0.99),
        {
          atMost: 5,
        },
      ),
    ]
  } finally {
    bao.resume()
    client.close()
    await service.stop()
  }
}
