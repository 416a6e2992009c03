import type { RotationJournal } from '../ports/journal.ts'
import { isInCanary } from './canary.ts'

/** Which version of a secret a consumer is to be given; nothing: the current one, like everybody. */
export type VersionFor = (secretId: string, consumerId: string) => Promise<string | undefined>

/**
 * What a source asks before it answers a consumer that wants the current version. It reads the journal each time, so that
 * a canary that was taken back is over at once.
 */
export const versionForConsumer =
  (journal: Pick<RotationJournal, 'load'>): VersionFor =>
  async (secretId, consumerId) => {
    const rotation = (await journal.load(secretId))?.rotation
    return rotation?.state === 'canary' && isInCanary(rotation, consumerId) ? rotation.pendingVersion : undefined
  }
