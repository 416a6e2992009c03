import { measured, notMeasured, type Row } from '../row.ts'
import { median } from '../statistics.ts'
import { type Contender, standaloneAgent } from './contenders.ts'
import { residentMemory } from './footprint.ts'
import type { UpstreamDouble } from './upstream-double.ts'

export interface StandaloneParts {
  /** What `tools/build-agent-executable.ts` made. Default: nothing is measured. */
  readonly executable?: string | undefined
  readonly upstream: UpstreamDouble
}

const facts = {
  ready: { id: 'standalone-ready', what: 'standalone, ready after start', unit: 'ms' },
  idle: { id: 'standalone-idle', what: 'standalone, memory idle', unit: 'MB' },
  full: { id: 'standalone-full', what: 'standalone, 1,000 × 1 KB', unit: 'MB' },
}
const starts = 7

/** Figures that only an executable without Node.js can have. */
export const standaloneRows = async ({ executable, upstream }: StandaloneParts): Promise<Row[]> => {
  if (executable === undefined) {
    const reason = 'no executable was named in KEYPLANE_AGENT_EXECUTABLE (tools/build-agent-executable.ts makes it)'
    return [
      notMeasured(facts.idle, '≤ 35 MB', reason),
      notMeasured(facts.full, '≤ 45 MB', reason),
      notMeasured(facts.ready, '≤ 60 ms', reason),
    ]
  }
  const contender = standaloneAgent(executable)
  const readyMs = await readyTimes(contender, upstream)
  const { idleMb, fullMb } = await residentMemory(contender, upstream)
  return [
    measured(facts.idle, idleMb, { atMost: 35 }),
    measured({ ...facts.full, note: 'at rest: 15 s after the reads' }, fullMb, { atMost: 45 }),
    measured(facts.ready, readyMs, { atMost: 60 }),
  ]
}

const readyTimes = async ({ start }: Contender, upstream: UpstreamDouble): Promise<number> => {
  const times: number[] = []
  for (let turn = 0; turn < starts; turn += 1) {
    const agent = await start({ upstreamUrl: upstream.url })
    times.push(agent.readyMs)
    await agent.stop()
  }
  return median(times)
}
