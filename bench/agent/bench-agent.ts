import { form } from '../built.ts'
import { type Row, notMeasured } from '../row.ts'
import type { BenchOptions } from '../run.ts'
import { type Contender, keyplaneAgent, peerAgent } from './contenders.ts'
import { dayRows } from './day.ts'
import { expiryRows } from './expiry.ts'
import { footprintRows } from './footprint.ts'
import { fuzzParts, fuzzRows } from './fuzz.ts'
import { throughputRows } from './throughput.ts'
import { startUpstreamDouble } from './upstream-double.ts'

const noStandalone = 'no standalone executable is built yet'

/** Figures that only an executable without Node.js can have. */
const standaloneRows = (): Row[] => [
  notMeasured(
    { id: 'standalone-get', what: 'standalone executable, cached GET', unit: '×' },
    '≥ 1.2 × the Rust agent, ≤ 0.9 × its CPU',
    noStandalone,
  ),
  notMeasured({ id: 'standalone-idle', what: 'standalone, memory idle', unit: 'MB' }, '≤ 35 MB', noStandalone),
  notMeasured({ id: 'standalone-full', what: 'standalone, 1,000 × 1 KB', unit: 'MB' }, '≤ 45 MB', noStandalone),
  notMeasured({ id: 'standalone-ready', what: 'standalone, ready after start', unit: 'ms' }, '≤ 60 ms', noStandalone),
]

/** Every figure of the agent's specification. */
export const benchAgent = async ({ peer, seconds }: BenchOptions): Promise<readonly Row[]> => {
  const contenders: readonly Contender[] = [keyplaneAgent, ...(peer === undefined ? [] : [peerAgent(peer)])]
  const upstream = await startUpstreamDouble()
  try {
    console.log(`The agent runs from ${form}, in a process of its own.\n`)
    return [
      ...(await throughputRows({ contenders, upstream, seconds })),
      ...(await expiryRows({ contenders, upstream })),
      ...(await footprintRows({ contenders, upstream })),
      ...(await dayRows()),
      ...(await fuzzRows(fuzzParts(process.env))),
      ...standaloneRows(),
    ]
  } finally {
    await upstream.close()
  }
}
