import type { Rotation } from '../machine/rotation.ts'
import type { RotationJournal } from '../ports/journal.ts'
import type { Receipts } from '../ports/receipts.ts'
import { isInCanary } from './canary.ts'

export interface VersionForParts {
  readonly journal: Pick<RotationJournal, 'load'>
  readonly receipts: Pick<Receipts, 'of'>
}

/** Which version of a secret a consumer is to be given; nothing: the current one, like everybody. */
export type VersionFor = (secretId: string, consumerId: string) => Promise<string | undefined>

/**
 * What a source asks before it answers a consumer that wants the current version. It asks the journal each time, so that a
 * canary that was taken back is over at once; for who was refused the new version, it is over before.
 */
export const versionForConsumer =
  ({ journal, receipts }: VersionForParts): VersionFor =>
  async (secretId, consumerId) => {
    const rotation = (await journal.load(secretId))?.rotation
    if (!rotation || !isTried(rotation) || !isInCanary(rotation, consumerId)) return undefined
    const { pendingVersion } = rotation
    const wasRefused = (await receipts.of(secretId)).some(
      ({ consumer, versionId, refusals }) => consumer.id === consumerId && versionId === pendingVersion && refusals > 0,
    )
    return wasRefused ? undefined : pendingVersion
  }

/** Whoever tries a new version keeps it until all have it. */
const isTried = ({ state }: Rotation): boolean => state === 'canary' || state === 'tested'
