import type { Consumer } from '@keyplane/core'
import type { ConsumerReceipt } from '../ports/receipts.ts'

export interface Acknowledgement {
  /** Whether any consumer of the secret was alive when the new version was verified. */
  readonly isHeard: boolean
  /** Those that were, and use the old version as far as they have said. */
  readonly laggards: readonly Consumer[]
}

/**
 * Who has not acknowledged a new version. Whoever fell silent after it was verified is waited for all the same: a process
 * that was stopped goes on with the old version when it wakes.
 */
export const acknowledgement = (
  receipts: readonly ConsumerReceipt[],
  { oldVersion, sinceMs }: { readonly oldVersion: string; readonly sinceMs: number },
): Acknowledgement => {
  const inUse = new Map<string, ConsumerReceipt>()
  for (const receipt of receipts) {
    const { consumer, usedAtMs, livesUntilMs } = receipt
    if (livesUntilMs > sinceMs && usedAtMs > (inUse.get(consumer.id)?.usedAtMs ?? 0)) inUse.set(consumer.id, receipt)
  }
  const laggards = [...inUse.values()].filter(({ versionId }) => versionId === oldVersion)
  return { isHeard: inUse.size > 0, laggards: laggards.map(({ consumer }) => consumer) }
}
