import type { Clock, Consumer, Heartbeat } from '@keyplane/core'
import type { ConsumerReceipt, Receipts } from '../ports/receipts.ts'
import { livesUntilMs, rememberedMs } from './liveness.ts'

interface Known extends Pick<ConsumerReceipt, 'usedAtMs' | 'refusals'> {
  readonly notedAtMs: number
}

interface KnownConsumer {
  readonly consumer: Consumer
  readonly livesUntilMs: number
  /** By secret, then by version. */
  readonly secrets: Map<string, Map<string, Known>>
}

/** Receipts that end with the process: for tests, and where one process rotates all its life. */
export const memoryReceipts = (clock: Clock): Receipts => {
  const consumers = new Map<string, KnownConsumer>()
  return {
    receive: async (heartbeat) => {
      const { consumer, ends } = heartbeat
      const nowMs = clock.nowMs()
      for (const [id, known] of consumers) if (known.livesUntilMs < nowMs - rememberedMs) consumers.delete(id)
      const secrets = consumers.get(consumer.id)?.secrets ?? new Map()
      note(secrets, heartbeat, nowMs)
      if (ends) forgetUse(secrets)
      if (ends && secrets.size === 0) consumers.delete(consumer.id)
      else consumers.set(consumer.id, { consumer, secrets, livesUntilMs: livesUntilMs(nowMs, heartbeat) })
    },
    of: async (secretId) =>
      [...consumers.values()].flatMap(({ consumer, secrets, livesUntilMs: until }) =>
        [...(secrets.get(secretId) ?? [])].map(([versionId, { usedAtMs, refusals }]) => ({
          consumer,
          versionId,
          usedAtMs,
          refusals,
          livesUntilMs: until,
        })),
      ),
  }
}

const note = (secrets: KnownConsumer['secrets'], { receipts }: Heartbeat, nowMs: number): void => {
  for (const { secretId, versionId, used, refusals } of receipts) {
    const versions = secrets.get(secretId) ?? new Map<string, Known>()
    const usedAtMs = used ? nowMs : (versions.get(versionId)?.usedAtMs ?? 0)
    // One that began anew counts from 0; what it was refused before was refused all the same.
    const most = Math.max(refusals, versions.get(versionId)?.refusals ?? 0)
    versions.set(versionId, { refusals: most, usedAtMs, notedAtMs: nowMs })
    for (const [id, { notedAtMs }] of versions) if (used && notedAtMs < nowMs - rememberedMs) versions.delete(id)
    secrets.set(secretId, versions)
  }
}

/** What stays of a consumer that has ended: what it was refused. */
const forgetUse = (secrets: KnownConsumer['secrets']): void => {
  for (const [secretId, versions] of secrets) {
    for (const [id, known] of versions)
      if (known.refusals > 0) versions.set(id, { ...known, usedAtMs: 0 })
      else versions.delete(id)
    if (versions.size === 0) secrets.delete(secretId)
  }
}
