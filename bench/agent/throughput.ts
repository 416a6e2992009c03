import { measured, notMeasured, type Row, yardstick } from '../row.ts'
import { median } from '../statistics.ts'
import { type Contender, keyplaneAgent, type RunningAgent, startBareHttp } from './contenders.ts'
import type { LoadResult } from '../wrk.ts'
import { loadClient, runLoad } from './load.ts'
import { cpuSeconds } from './process-usage.ts'
import type { UpstreamDouble } from './upstream-double.ts'

export interface ThroughputParts {
  readonly contenders: readonly Contender[]
  readonly upstream: UpstreamDouble
  /** Of each round. */
  readonly seconds: number
}

const connections = 50
/** Odd, so that the median is one of them. */
const rounds = 3
const path = '/secretsmanager/get?secretId=bench'

type Round = LoadResult & { readonly cpuMicros: number }

const runRound = async ({ pid, port }: RunningAgent, seconds: number): Promise<Round> => {
  const before = cpuSeconds(pid)
  const result = await runLoad({ port, path, connections, seconds })
  return { ...result, cpuMicros: ((cpuSeconds(pid) - before) / result.requests) * 1e6 }
}

/** A cached GET, as often as it goes; all contenders in turn, so that what else the machine does meets them alike. */
export const throughputRows = async ({ contenders, upstream, seconds }: ThroughputParts): Promise<Row[]> => {
  const started = await Promise.all(
    contenders.map(async (contender) => ({
      name: contender.name as string,
      agent: await contender.start({ upstreamUrl: upstream.url, ttlSeconds: 3_600 }),
    })),
  )
  const own = '[keyplane]\naudit_folder = "audit"\n'
  const audited = await keyplaneAgent.start({ upstreamUrl: upstream.url, ttlSeconds: 3_600, own })
  const all = [...started, { name: 'audited', agent: audited }, { name: 'bare', agent: await startBareHttp() }]
  try {
    const results = new Map<string, Round[]>(all.map(({ name }) => [name, []]))
    for (const { agent } of all) await runLoad({ port: agent.port, path, connections, seconds: 1 })
    for (let round = 0; round < rounds; round += 1)
      for (const { name, agent } of all) results.get(name)?.push(await runRound(agent, seconds))
    const rows = rowsOf((name, key) => {
      const values = (results.get(name) ?? []).map((result) => result[key])
      return values.length === 0 ? undefined : median(values)
    }, `${loadClient}, ${connections} connections, median of ${rounds} rounds of ${seconds} s`)
    return [...rows, ...(await coldRows({ contenders, upstream, seconds }))]
  } finally {
    for (const { agent } of all) await agent.stop()
  }
}

/** Connections whose first request has to wait for the upstream: what they cost from then on. */
const coldRows = async ({ contenders, upstream, seconds }: ThroughputParts): Promise<Row[]> => {
  const rows: Row[] = []
  for (const { name, start } of contenders) {
    const agent = await start({ upstreamUrl: upstream.url, ttlSeconds: 3_600 })
    upstream.delayMs = 200
    try {
      const { perSecond, cpuMicros } = await runRound(agent, seconds)
      const what = `${name}: connections that began with a miss`
      rows.push(
        yardstick({ id: `${name}-after-miss-rate`, what: `${what}, cached GET`, unit: 'req/s' }, perSecond),
        yardstick({ id: `${name}-after-miss-cpu`, what: `${what}, CPU per cached GET`, unit: 'µs' }, cpuMicros),
      )
    } finally {
      upstream.delayMs = 0
      await agent.stop()
    }
  }
  return rows
}

type MedianOf = (name: string, key: keyof Round) => number | undefined

const rowsOf = (medianOf: MedianOf, note: string): Row[] => {
  const own = (key: keyof Round): number => medianOf('keyplane', key) ?? Number.NaN
  const names = { bare: 'bare node:http', peer: 'peer', standalone: 'standalone' }
  const others = Object.entries(names).flatMap(([name, label]) => {
    const [perSecond, cpu] = [medianOf(name, 'perSecond'), medianOf(name, 'cpuMicros')]
    if (perSecond === undefined || cpu === undefined) return []
    return [
      yardstick({ id: `${name}-rate`, what: `${label}, GET`, unit: 'req/s' }, perSecond),
      yardstick({ id: `${name}-cpu`, what: `${label}, CPU per request`, unit: 'µs' }, cpu),
      yardstick({ id: `${name}-p99`, what: `${label}, p99`, unit: 'ms' }, medianOf(name, 'p99Ms') ?? Number.NaN),
    ]
  })
  return [
    yardstick({ id: 'node-rate', what: 'agent on Node.js, cached GET', unit: 'req/s', note }, own('perSecond')),
    yardstick({ id: 'node-cpu', what: 'agent on Node.js, CPU per cached GET', unit: 'µs' }, own('cpuMicros')),
    yardstick({ id: 'node-p50', what: 'agent on Node.js, p50', unit: 'ms' }, own('p50Ms')),
    yardstick({ id: 'node-p99', what: 'agent on Node.js, p99', unit: 'ms' }, own('p99Ms')),
    ...others,
    measured(
      { id: 'audit-cpu-ratio', what: 'agent with its audit log, CPU per cached GET of the same without', unit: '×' },
      (medianOf('audited', 'cpuMicros') ?? Number.NaN) / own('cpuMicros'),
      { atMost: 1.1 },
    ),
    ...bareRows(medianOf),
    ...besidePeer(medianOf, { name: 'keyplane', id: 'node', label: 'agent on Node.js', atLeast: 1, atMost: 1 }),
    ...besidePeer(medianOf, { name: 'standalone', id: 'standalone', label: 'standalone', atLeast: 1.2, atMost: 0.9 }),
  ]
}

const bareRows = (medianOf: MedianOf): Row[] => {
  const ratio = (other: string, key: keyof Round): number =>
    (medianOf('keyplane', key) ?? Number.NaN) / (medianOf(other, key) ?? Number.NaN)
  return [
    yardstick(
      { id: 'bare-rate-ratio', what: "agent, req/s of bare node:http's", unit: '×' },
      ratio('bare', 'perSecond'),
    ),
    yardstick(
      { id: 'bare-cpu-ratio', what: "agent, CPU per request of bare node:http's", unit: '×' },
      ratio('bare', 'cpuMicros'),
    ),
  ]
}

interface Compared {
  readonly name: Contender['name']
  readonly id: string
  readonly label: string
  /** Of the peer's requests a second. */
  readonly atLeast: number
  /** Of the peer's CPU per request. */
  readonly atMost: number
}

const besidePeer = (medianOf: MedianOf, { name, id, label, atLeast, atMost }: Compared): Row[] => {
  const rate = { id: `${id}-rate-ratio`, what: `${label}, req/s of the peer's`, unit: '×' }
  const cpu = { id: `${id}-cpu-ratio`, what: `${label}, CPU per request of the peer's`, unit: '×' }
  const ratio = (key: keyof Round): number | undefined => {
    const [own, peer] = [medianOf(name, key), medianOf('peer', key)]
    return own === undefined || peer === undefined ? undefined : own / peer
  }
  const [rateRatio, cpuRatio] = [ratio('perSecond'), ratio('cpuMicros')]
  if (rateRatio !== undefined && cpuRatio !== undefined)
    return [measured(rate, rateRatio, { atLeast }), measured(cpu, cpuRatio, { atMost })]
  const reason =
    medianOf('peer', 'perSecond') === undefined
      ? 'no peer binary was given (--peer)'
      : 'no executable was named in KEYPLANE_AGENT_EXECUTABLE'
  return [notMeasured(rate, `≥ ${atLeast} ×`, reason), notMeasured(cpu, `≤ ${atMost} ×`, reason)]
}
