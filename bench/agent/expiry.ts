import { type Goal, measured, type Row, yardstick } from '../row.ts'
import { quantile } from '../statistics.ts'
import type { Contender, RunningAgent } from './contenders.ts'
import { KeepAliveConnection } from './keep-alive-connection.ts'
import { runPaced } from './load.ts'
import { countCalls, type UpstreamDouble } from './upstream-double.ts'

export interface ExpiryParts {
  readonly contenders: readonly Contender[]
  readonly upstream: UpstreamDouble
}

const clients = 50
const slowMs = 200
const ttlSeconds = 5
const manyKeys = 1_000

const pathOf = (name: string): string => `/secretsmanager/get?secretId=${name}`
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What expiry costs: callers' waits, and calls to the upstream. */
export const expiryRows = async (parts: ExpiryParts): Promise<Row[]> => {
  const rows: Row[] = []
  for (const contender of parts.contenders) {
    const report = reporter(contender)
    rows.push(...(await acrossExpiry(contender, parts.upstream, report)))
    rows.push(...(await atOnce(contender, parts.upstream, report)))
    rows.push(...(await together(contender, parts.upstream, report)))
  }
  return rows
}

type Report = (facts: { id: string; what: string; unit: string; note?: string }, value: number, goal: Goal) => Row

/** Goals are ours; a peer's figures only say how to read them. */
const reporter = ({ name }: Contender): Report => {
  const named = (facts: Parameters<Report>[0]) => ({
    ...facts,
    id: `${name}-${facts.id}`,
    what: `${name}: ${facts.what}`,
  })
  return name === 'keyplane'
    ? (facts, value, goal) => measured(named(facts), value, goal)
    : (facts, value) => yardstick(named(facts), value)
}

const started = async (
  contender: Contender,
  upstream: UpstreamDouble,
  use: (agent: RunningAgent) => Promise<Row[]>,
): Promise<Row[]> => {
  upstream.delayMs = 0
  const agent = await contender.start({ upstreamUrl: upstream.url, ttlSeconds })
  try {
    return await use(agent)
  } finally {
    upstream.delayMs = 0
    await agent.stop()
  }
}

/** Callers that come all the time: nobody should see that the value expired. The same before, to tell the machine's part. */
const acrossExpiry = (contender: Contender, upstream: UpstreamDouble, report: Report): Promise<Row[]> =>
  started(contender, upstream, async ({ port }) => {
    const load = { port, path: pathOf('busy'), connections: clients, everyMs: 20 }
    await runPaced({ ...load, seconds: 1 })
    // From here on the value is as old as the load before made it.
    const calm = await runPaced({ ...load, seconds: ttlSeconds - 2 })
    upstream.delayMs = slowMs
    const before = countCalls(upstream)
    const first = await runPaced({ ...load, seconds: 3 })
    const calls = countCalls(upstream) - before
    // One expiry alone is 7,500 requests, of which one hiccup of the machine delays more than a thousandth.
    const times = [...first, ...(await runPaced({ ...load, seconds: 4 * ttlSeconds }))]
    const note = `TTL ${ttlSeconds} s, calls of one expiry, p99.9 of five; each client asks every ${load.everyMs} ms, ${times.length} requests; built-in client`
    const what = '50 clients across an expiry'
    const calmFacts = {
      id: `${contender.name}-calm-p999`,
      what: `${contender.name}: 50 clients without an expiry, p99.9`,
    }
    return [
      report({ id: 'expiry-calls', what: `${what}, upstream calls`, unit: '' }, calls, { atMost: 1 }),
      report({ id: 'expiry-p999', what: `${what}, upstream 200 ms, p99.9`, unit: 'ms', note }, quantile(times, 0.999), {
        atMost: 5,
      }),
      yardstick(
        { ...calmFacts, unit: 'ms', note: 'the machine and the client, without what is measured' },
        quantile(calm, 0.999),
      ),
    ]
  })

/** Callers that all come after the value expired: they wait, for one call. */
const atOnce = (contender: Contender, upstream: UpstreamDouble, report: Report): Promise<Row[]> =>
  started(contender, upstream, async ({ port }) => {
    const connections = await Promise.all(Array.from({ length: clients }, () => KeepAliveConnection.open(port)))
    await connections[0]?.get(pathOf('idle'))
    await sleep(ttlSeconds * 1_000 + 200)
    upstream.delayMs = slowMs
    const before = countCalls(upstream)
    await Promise.all(connections.map((connection) => connection.get(pathOf('idle'))))
    for (const connection of connections) connection.close()
    const facts = { id: 'herd-calls', what: '50 clients at once on an expired key, upstream calls', unit: '' }
    return [report(facts, countCalls(upstream) - before, { atMost: 1 })]
  })

/** As many keys as the cache holds, all expired, all asked for. */
const together = (contender: Contender, upstream: UpstreamDouble, report: Report): Promise<Row[]> =>
  started(contender, upstream, async ({ port }) => {
    await readAll(port)
    await sleep(ttlSeconds * 1_000 + 200)
    const before = countCalls(upstream)
    await readAll(port)
    const facts = { id: 'together-calls', what: '1,000 keys expire together, upstream calls', unit: '' }
    return [report(facts, countCalls(upstream) - before, { atMost: 60 })]
  })

/** Each of the keys once, over as many connections as there are clients. */
export const readAll = async (port: number): Promise<void> => {
  const client = async (_: unknown, index: number): Promise<void> => {
    const connection = await KeepAliveConnection.open(port)
    for (let key = index; key < manyKeys; key += clients) await connection.get(pathOf(`many/${key}`))
    connection.close()
  }
  await Promise.all(Array.from({ length: clients }, client))
}
