import { createHash } from 'node:crypto'
import { SecretsError } from '@keyplane/core'
import type { Canary, Rotation } from '../machine/rotation.ts'
import type { ConsumerReceipt, Receipts } from '../ports/receipts.ts'
import type { Rotator } from '../ports/rotator.ts'

const buckets = 2 ** 32

/** Whether a consumer is one of those that try a rotation's new version: always the same ones, and others each time. */
export const isInCanary = (
  { rotationId, canary }: Pick<Rotation, 'rotationId' | 'canary'>,
  consumerId: string,
): boolean =>
  canary !== undefined &&
  createHash('sha256').update(`${rotationId}\0${consumerId}`).digest().readUInt32BE() < (canary.percent / 100) * buckets

/** How often those that try a rotation's new version were refused with it. What others tried of it is no news. */
export const canaryRefusals = (rotation: Rotation, receipts: readonly ConsumerReceipt[]): number =>
  receipts
    .filter(({ versionId, consumer }) => versionId === rotation.pendingVersion && isInCanary(rotation, consumer.id))
    .reduce((sum, { refusals }) => sum + refusals, 0)

/**
 * @throws SecretsError `config_invalid` for what is no canary, or one that nobody reports of; `unsupported` (`no_overlap`)
 * with a rotator whose target refuses the old credential once it has the new one.
 */
export const requireCanary = (
  { percent, observeMs, maxRefusals }: Canary,
  { rotator, receipts }: { readonly rotator: Rotator; readonly receipts: Receipts | undefined },
): void => {
  const areWhole = [observeMs, maxRefusals].every((number) => Number.isSafeInteger(number) && number >= 0)
  if (!areWhole || !(percent > 0 && percent <= 100))
    throw new SecretsError(
      'config_invalid',
      'A canary is a percentage above 0, with whole numbers of milliseconds and of refusals.',
    )
  if (!receipts) throw unheard()
  if (rotator.overlaps) return
  throw new SecretsError(
    'unsupported',
    `There is no canary with the rotator "${rotator.name}": its target refuses the old credential once it has the new one.`,
    { reason: 'no_overlap' },
  )
}

/** Of a canary of which no consumer can tell how it fares. */
export const unheard = (): SecretsError =>
  new SecretsError('config_invalid', 'A canary needs receipts: without them nobody tells how it fares.', {
    reason: 'no_receipts',
  })
