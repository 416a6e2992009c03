import { measured, type Row, yardstick } from '../row.ts'
import { median } from '../statistics.ts'
import type { Contender } from './contenders.ts'
import { readAll } from './expiry.ts'
import { residentMb } from './process-usage.ts'
import type { UpstreamDouble } from './upstream-double.ts'

export interface FootprintParts {
  readonly contenders: readonly Contender[]
  readonly upstream: UpstreamDouble
}

const starts = 7

/** Memory and the time to be ready; the contenders start in turn. */
export const footprintRows = async ({ contenders, upstream }: FootprintParts): Promise<Row[]> => {
  const readyMs = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let turn = 0; turn < starts; turn += 1)
    for (const contender of contenders) {
      const agent = await contender.start({ upstreamUrl: upstream.url })
      readyMs.get(contender.name)?.push(agent.readyMs)
      await agent.stop()
    }
  const rows: Row[] = []
  for (const contender of contenders) {
    const time = median(readyMs.get(contender.name) ?? [])
    const note = `from the start of the process to "listening on"; median of ${starts}`
    const facts = { id: `${contender.name}-ready`, what: `${contender.name}: ready after start`, unit: 'ms', note }
    rows.push(contender.name === 'keyplane' ? measured(facts, time, { atMost: 300 }) : yardstick(facts, time))
    rows.push(...(await memoryRows(contender, upstream)))
  }
  return rows
}

const memoryRows = async ({ name, start }: Contender, upstream: UpstreamDouble): Promise<Row[]> => {
  const agent = await start({ upstreamUrl: upstream.url })
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const idle = residentMb(agent.pid)
    await readAll(agent.port)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const full = residentMb(agent.pid)
    const note = 'resident set; the goal is for the standalone executable'
    return [
      yardstick({ id: `${name}-idle`, what: `${name}: memory idle`, unit: 'MB', note }, idle),
      yardstick({ id: `${name}-full`, what: `${name}: memory with 1,000 × 1 KB`, unit: 'MB', note }, full),
    ]
  } finally {
    await agent.stop()
  }
}
