import type { BaoServer } from '../../test/real/openbao/bao-server.ts'
import { measured, notMeasured, type Row, yardstick } from '../row.ts'
import { median } from '../statistics.ts'
import { cpuSeconds } from '../agent/process-usage.ts'
import { hasWrk, type LoadResult, runWrk, type WrkLoad } from '../wrk.ts'
import { baoEnvironment } from './bao-environment.ts'
import { configurationPath, startOwnService } from './running-service.ts'

const rounds = 3
const connections = 50

interface Round extends LoadResult {
  readonly cpuMicroseconds: number
}

/** A tool's configuration that is cached, and OpenBao's own read of the same secret: in turns, by the same client. */
export const readRows = async (bao: BaoServer, seconds: number): Promise<Row[]> => {
  const facts = { id: 'read-over-openbao', what: 'configuration read, cached, times OpenBao KV v2 reads', unit: '×' }
  if (!hasWrk) return [notMeasured(facts, '≥ 4 ×', 'wrk is not installed (apt package wrk)')]
  await bao.done('POST', 'secret/data/read', { data: { value: 'x'.repeat(64) } })
  const tools = { payments: { settings: { timeoutMs: 3_000 }, secrets: { apiKey: 'read' } } }
  const service = await startOwnService({ config: { environments: { production: baoEnvironment(bao) }, tools } })
  try {
    const loads: Readonly<Record<'keyplane' | 'openbao', WrkLoad & { readonly pid: number }>> = {
      keyplane: { ...service, path: configurationPath('payments'), connections, seconds },
      openbao: {
        port: bao.port,
        pid: bao.process?.pid ?? 0,
        path: '/v1/secret/data/read',
        header: `X-Vault-Token: ${bao.rootToken}`,
        connections,
        seconds,
      },
    }
    for (const load of Object.values(loads)) await runWrk({ ...load, seconds: 3 })
    const ours: Round[] = []
    const theirs: Round[] = []
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await roundOf(loads.keyplane))
      theirs.push(await roundOf(loads.openbao))
    }
    return rowsOf(facts, ours, theirs)
  } finally {
    await service.stop()
  }
}

const roundOf = async (load: WrkLoad & { readonly pid: number }): Promise<Round> => {
  const before = cpuSeconds(load.pid)
  const result = await runWrk(load)
  return { ...result, cpuMicroseconds: ((cpuSeconds(load.pid) - before) / result.requests) * 1_000_000 }
}

const middle = (all: readonly Round[], of: (one: Round) => number): number => median(all.map(of))

const rowsOf = (
  facts: { readonly id: string; readonly what: string; readonly unit: string },
  ours: readonly Round[],
  theirs: readonly Round[],
): Row[] => {
  const note = `${connections} connections, wrk, median of ${rounds} rounds in turn; key, roles and audit log on`
  const per = (of: (one: Round) => number): readonly [number, number] => [middle(ours, of), middle(theirs, of)]
  const [rate, baoRate] = per(({ perSecond }) => perSecond)
  const [p99, baoP99] = per(({ p99Ms }) => p99Ms)
  const [cpu, baoCpu] = per(({ cpuMicroseconds }) => cpuMicroseconds)
  return [
    yardstick({ id: 'read-keyplane', what: 'configuration read, cached', unit: '/s', note }, rate),
    yardstick({ id: 'read-openbao', what: 'OpenBao: KV v2 read', unit: '/s' }, baoRate),
    measured(facts, rate / baoRate, { atLeast: 4 }),
    yardstick({ id: 'p99-keyplane', what: 'configuration read, cached, p99', unit: 'ms' }, p99),
    yardstick({ id: 'p99-openbao', what: 'OpenBao: KV v2 read, p99', unit: 'ms' }, baoP99),
    measured({ id: 'p99-over-openbao', what: "p99, of OpenBao's", unit: '×' }, p99 / baoP99, { atMost: 0.25 }),
    yardstick({ id: 'cpu-keyplane', what: 'CPU of the service, a read', unit: 'µs' }, cpu),
    yardstick({ id: 'cpu-openbao', what: 'CPU of OpenBao, a read', unit: 'µs' }, baoCpu),
  ]
}
