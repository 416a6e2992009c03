import type { BaoServer } from '../../test/real/openbao/bao-server.ts'
import { measured, type Row } from '../row.ts'
import { Asking } from './asking.ts'
import { baoEnvironment } from './bao-environment.ts'
import { configurationPath, startOwnService } from './running-service.ts'

const clients = 1_000
const ttlSeconds = 3
const ttls = 10
const everyMs = 1_000

/**
 * What a thousand clients cost OpenBao: what its own audit log counts for the secret, whatever the kind of request. The TTL is
 * shorter than the interval in which changes are looked for, so each value is read again before it would be looked at.
 */
export const backendCallRows = async (bao: BaoServer): Promise<Row[]> => {
  await bao.done('POST', 'secret/data/calls', { data: { value: 'calls' } })
  const before = callsOf(bao)
  const service = await startOwnService({
    config: {
      environments: { production: baoEnvironment(bao, { ttl: `${ttlSeconds}s` }) },
      tools: { payments: { secrets: { apiKey: 'calls' } } },
    },
  })
  try {
    const untilMs = performance.now() + ttlSeconds * ttls * 1_000
    let answers = 0
    await Promise.all(
      Array.from({ length: clients }, async (_, index) => {
        const client = new Asking(service)
        await pause((index * everyMs) / clients)
        while (performance.now() < untilMs) {
          const fromMs = performance.now()
          const { status } = await client.get(configurationPath('payments'))
          if (status !== 'ok') throw new Error(`The configuration is ${status}.`)
          answers += 1
          await pause(Math.max(0, Math.min(everyMs - (performance.now() - fromMs), untilMs - performance.now())))
        }
        client.close()
      }),
    )
    const what = `backend calls for ${clients.toLocaleString('en')} clients over ${ttls} TTLs, a secret`
    const counted = `${answers.toLocaleString('en')} answers; requests of any kind in OpenBao's audit log`
    const note = `TTL ${ttlSeconds} s, ${counted}; by default (TTL 5 min, looking for changes every 15 s) looks at the metadata come on top`
    return [measured({ id: 'backend-calls', what, unit: '', note }, callsOf(bao) - before, { atMost: ttls + 1 })]
  } finally {
    await service.stop()
  }
}

const callsOf = (bao: BaoServer): number => bao.asked('secret/data/calls') + bao.asked('secret/metadata/calls')

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
