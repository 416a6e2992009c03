import type { RotationTimes, StoreFacts } from './metrics.ts'
import type { OpenedStore } from './opened-store.ts'
import { secretRotationsTable } from './storage/secret-rotations-table.ts'

/** This process and its store, as metrics show them. */
export const storeFacts = async (opened: Pick<OpenedStore, 'reader' | 'writer' | 'clock'>): Promise<StoreFacts> => {
  const { user, system } = process.cpuUsage()
  return {
    ready: await opened.writer.ready(),
    memoryBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1_000_000,
    // A database that can't be read is told by `ready`.
    ...(await rotationTimes(opened).catch(() => undefined)),
  }
}

const rotationTimes = async ({ reader, clock }: Pick<OpenedStore, 'reader' | 'clock'>): Promise<RotationTimes> => {
  const { rotatedAtMs, waitingSinceMs } = await secretRotationsTable(reader).times()
  const since = (ms: number): number => Math.max(0, (clock.nowMs() - ms) / 1_000)
  return {
    ...(rotatedAtMs !== null && { sinceRotatedSeconds: since(rotatedAtMs) }),
    overdueSeconds: waitingSinceMs === null ? 0 : since(waitingSinceMs),
  }
}
