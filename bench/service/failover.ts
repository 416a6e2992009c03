import { setTimeout } from 'node:timers/promises'
import type { BaoServer } from '../../test/real/openbao/bao-server.ts'
import { measured, type Row, yardstick } from '../row.ts'
import { quantile } from '../statistics.ts'
import { Asking } from './asking.ts'
import { baoEnvironment } from './bao-environment.ts'
import { configurationPath, startOwnService } from './running-service.ts'

const nextRequests = 1_000
/** Longer than a source that hangs is left alone, several times. */
const pacedMs = 20_000
const askers = 10
const askEveryMs = 100
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
  const clients = Array.from({ length: askers }, () => new Asking(service))
  const timed = async (expected: string, by = clients[0] as Asking): Promise<number> => {
    const fromMs = performance.now()
    const { status } = await by.get(configurationPath('payments'))
    if (status !== expected) throw new Error(`The configuration is ${status}, not ${expected}.`)
    return performance.now() - fromMs
  }
  /** Clients that ask at their own pace, as programs do. */
  const paced = async (expected: string): Promise<readonly number[]> => {
    const untilMs = performance.now() + pacedMs
    const each = clients.map(async (by, index) => {
      const tookMs: number[] = []
      await setTimeout((index * askEveryMs) / askers)
      for (; performance.now() < untilMs; await setTimeout(askEveryMs)) tookMs.push(await timed(expected, by))
      return tookMs
    })
    return (await Promise.all(each)).flat()
  }
  const pacedRow = (id: string, when: string, tookMs: readonly number[]): Row =>
    yardstick(
      {
        id,
        what: `${when}: ${askers} clients, ten requests a second each, p99`,
        unit: 'ms',
        note: `${tookMs.length} requests, the longest ${Math.max(...tookMs).toFixed(1)} ms`,
      },
      quantile(tookMs, 0.99),
    )
  try {
    for (let read = 0; read < nextRequests; read += 1) await timed('ok')
    const wellMs = await paced('ok')
    await bao.pause()
    // What is cached is no longer fresh, and nothing old may be given.
    await setTimeout(ttlSeconds * 1_000 + 200)
    const firstMs = await timed('degraded')
    const nextMs: number[] = []
    for (let read = 0; read < nextRequests; read += 1) nextMs.push(await timed('degraded'))
    const facts = { id: 'failover-next', what: 'OpenBao hangs: the next requests, p99', unit: 'ms' }
    const note = `${nextRequests} requests, the longest ${Math.max(...nextMs).toFixed(1)} ms`
    return [
      measured({ id: 'failover-first', what: 'OpenBao hangs: the first request', unit: 'ms' }, firstMs, {
        atMost: 2_000,
      }),
      measured({ ...facts, note }, quantile(nextMs, 0.99), { atMost: 5 }),
      pacedRow('failover-well', 'OpenBao is well', wellMs),
      pacedRow('failover-long', 'OpenBao hangs on', await paced('degraded')),
    ]
  } finally {
    bao.resume()
    for (const each of clients) each.close()
    await service.stop()
  }
}
