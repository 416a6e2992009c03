import { form } from '../built.ts'
import type { Row } from '../row.ts'
import type { BenchOptions } from '../run.ts'
import { type Contender, keyplaneAgent, peerAgent, standaloneAgent } from './contenders.ts'
import { dayRows } from './day.ts'
import { expiryRows } from './expiry.ts'
import { footprintRows } from './footprint.ts'
import { fuzzParts, fuzzRows } from './fuzz.ts'
import { throughputRows } from './throughput.ts'
import { standaloneRows } from './standalone.ts'
import { startUpstreamDouble } from './upstream-double.ts'

/** Every figure of the agent's specification. */
export const benchAgent = async ({ peer, seconds }: BenchOptions): Promise<readonly Row[]> => {
  const contenders: readonly Contender[] = [keyplaneAgent, ...(peer === undefined ? [] : [peerAgent(peer)])]
  const executable = process.env['KEYPLANE_AGENT_EXECUTABLE']
  const standalone = executable === undefined ? [] : [standaloneAgent(executable)]
  const upstream = await startUpstreamDouble()
  try {
    console.log(`The agent runs from ${form}, in a process of its own.\n`)
    return [
      ...(await throughputRows({ contenders: [...contenders, ...standalone], upstream, seconds })),
      ...(await expiryRows({ contenders, upstream })),
      ...(await footprintRows({ contenders, upstream })),
      ...(await dayRows()),
      ...(await fuzzRows(fuzzParts(process.env))),
      ...(await standaloneRows({ executable, upstream })),
    ]
  } finally {
    await upstream.close()
  }
}
