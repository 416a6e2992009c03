import type { SecretFacts } from '@keyplane/aws'
import { SecretsError } from '@keyplane/core'
import { isEndState } from '@keyplane/rotation'
import { aboutSecret } from '../about-secret.ts'
import type { Command, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { DatabaseFlags } from '../plane/store-database.ts'
import { askRotation } from '../rotation/ask-rotation.ts'
import { epochMs } from '../rotation/moment.ts'
import { describeSecret, pendingOf, type RotatingStore, withRotatingStore } from '../rotation/rotating-store.ts'
import { rotationEndFailure } from '../rotation/rotation-end-failure.ts'
import { lastSteps, type NotedStep } from '../rotation/rotation-steps.ts'
import { RotationWatch } from '../rotation/rotation-watch.ts'
import { isOwnRotator } from '../rotation/rotator-name.ts'

/** Takes back what is under way, but for what a function did, and waits for that; the schedule stays as it is. */
export const rotationRollback: Command<DatabaseFlags> = (context, [name = ''], flags) =>
  withRotatingStore(context, async (store) => {
    const { terminal } = context
    const watch = await RotationWatch.open(context, store, { name, flags })
    const { RotationEnabled, VersionIdsToStages, RotationLambdaARN = '', Name, ARN } = watch.before
    const takenBack = isOwnRotator(RotationLambdaARN)
    if (pendingOf(VersionIdsToStages) === undefined) throw nothingUnderWay(name)
    const cancel = (): Promise<unknown> => store.call('CancelRotateSecret', { SecretId: name }).catch(aboutSecret(name))
    const isOver = isOverBefore(context, watch.before, (await lastSteps(context, flags)).get(ARN ?? ''))
    await cancel()
    const end = isOver ? ({ state: 'rolled-back' } as const) : await watch.ended(cancel)
    if (end.state === 'failed') throw rotationEndFailure(name, end)
    const left = await leftPending(store, name)
    if (left !== undefined)
      terminal.warn(
        `${name} stays paused: its function's version ${left} is pending still. See how far it came, take AWSPENDING from it, then: keyplane rotation resume ${name}`,
      )
    else if (RotationEnabled) await askRotation(context, store, { SecretId: name, RotateImmediately: false })
    if (end.state === 'finished') throw tooLate(name)
    if (terminal.json) terminal.data(JSON.stringify({ name: Name, id: ARN, state: end.state, takenBack }))
    else
      terminal.words(
        takenBack
          ? `${terminal.style('green', '✓')} The rotation of ${Name} is taken back: its credential is what it was.`
          : `The rotation of ${Name} has ended. What its function did at the target stays: that may accept the pending credential alone.`,
      )
    return exitCodes.ok
  })

/** Within which the store begins what was asked for, however busy it is. */
const beginsWithinMs = 60_000

/** Whether what is pending was left there by a rotation that has ended, and is not that of one which is about to begin. */
const isOverBefore = (
  { clock }: Context,
  { RotationEnabled, LastChangedDate = 0 }: SecretFacts,
  last: NotedStep | undefined,
): boolean =>
  last !== undefined &&
  isEndState(last.state) &&
  (!RotationEnabled || clock.nowMs() - epochMs(LastChangedDate) > beginsWithinMs)

/**
 * The version that is pending after the end. One that the store's own rotator left there has no value, where the rotation
 * was taken back before there was one, or one that the target does not accept; its label would keep the next from its begin.
 */
const leftPending = async (store: RotatingStore, name: string): Promise<string | undefined> => {
  const { RotationLambdaARN = '', VersionIdsToStages } = await describeSecret(store, name)
  const version = pendingOf(VersionIdsToStages)
  if (version === undefined || !isOwnRotator(RotationLambdaARN)) return version
  const move = { SecretId: name, VersionStage: 'AWSPENDING', RemoveFromVersionId: version }
  await store.call('UpdateSecretVersionStage', move).catch(aboutSecret(name))
  return undefined
}

const nothingUnderWay = (name: string): SecretsError =>
  new SecretsError('conflict', `No rotation of ${JSON.stringify(name)} is under way; nothing was done.`, {
    reason: 'nothing_under_way',
  })

const tooLate = (name: string): SecretsError =>
  new SecretsError(
    'conflict',
    `The rotation of ${JSON.stringify(name)} was too far to be taken back; it is finished.`,
    {
      reason: 'rotation_ended',
    },
  )
