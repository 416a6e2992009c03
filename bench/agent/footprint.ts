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
/** After the reads a process is at rest: what they left is collected, or given back. */
const restMs = 15_000

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

const memoryRows = async (contender: Contender, upstream: UpstreamDouble): Promise<Row[]> => {
  const { name } = contender
  const { idleMb, fullMb } = await residentMemory(contender, upstream)
  const note = 'resident set; the goal is for the standalone executable'
  return [
    yardstick({ id: `${name}-idle`, what: `${name}: memory idle`, unit: 'MB', note }, idleMb),
    yardstick({ id: `${name}-full`, what: `${name}: memory with 1,000 × 1 KB, at rest`, unit: 'MB', note }, fullMb),
  ]
}

/** A second after the start; and with 1,000 secrets of 1 KB, when it rests again. */
export const residentMemory = async (
  { start }: Contender,
  upstream: UpstreamDouble,
): Promise<{ readonly idleMb: number; readonly fullMb: number }> => {
  const agent = await start({ upstreamUrl: upstream.url })
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const idleMb = residentMb(agent.pid)
    await readAll(agent.port)
    await new Promise((resolve) => setTimeout(resolve, restMs))
    return { idleMb, fullMb: residentMb(agent.pid) }
  } finally {
    await agent.stop()
  }
}
