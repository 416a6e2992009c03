import { BaoCluster } from '../../test/real/openbao/bao-cluster.ts'
import type { BenchOptions } from '../run.ts'
import type { Row } from '../row.ts'
import { backendCallRows } from './backend-calls.ts'
import { failoverRows } from './failover.ts'
import { memoryRows } from './memory.ts'
import { readRows } from './reads.ts'

/** The configuration service over a real OpenBao with raft on disk and its audit file on, and beside it. */
export const benchService = async ({ seconds }: BenchOptions): Promise<readonly Row[]> => {
  const cluster = await new BaoCluster(1).start()
  try {
    const [bao] = cluster.nodes
    if (!bao) throw new Error('OpenBao did not start.')
    return [
      ...(await readRows(bao, seconds)),
      ...(await backendCallRows(bao)),
      ...(await failoverRows(bao)),
      ...(await memoryRows(bao)),
    ]
  } finally {
    await cluster.remove()
  }
}
