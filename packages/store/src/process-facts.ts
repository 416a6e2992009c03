import type { ProcessFacts } from './metrics.ts'
import type { Readiness } from './readiness.ts'

/** This process, as its metrics show it. */
export const processFacts = async (writer: Readiness): Promise<ProcessFacts> => {
  const { user, system } = process.cpuUsage()
  return {
    ready: await writer.ready(),
    memoryBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1_000_000,
  }
}
