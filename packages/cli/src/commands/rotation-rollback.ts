import type { DescribeSecretResponse } from '@keyplane/aws'
import { SecretsError } from '@keyplane/core'
import { aboutSecret } from '../about-secret.ts'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { DatabaseFlags } from '../plane/store-database.ts'
import { askRotation } from '../rotation/ask-rotation.ts'
import { isUnderWay } from '../rotation/local-rotations.ts'
import { describeSecret, pendingOf, withRotatingStore } from '../rotation/rotating-store.ts'
import { rotationEndFailure } from '../rotation/rotation-end-failure.ts'
import { RotationWatch } from '../rotation/rotation-watch.ts'
import { isOwnRotator } from '../rotation/rotator-name.ts'

/** Takes back what is under way, but for what a function did, and waits for that; the schedule stays as it is. */
export const rotationRollback: Command<DatabaseFlags> = (context, [name = ''], flags) =>
  withRotatingStore(context, async (store) => {
    const { terminal } = context
    const watch = await RotationWatch.open(context, store, { name, flags })
    const { RotationEnabled, RotationLambdaARN = '', Name, ARN } = watch.before
    const takenBack = isOwnRotator(RotationLambdaARN)
    if (!(await isUnderWay(context, flags, watch.before))) throw nothingUnderWay(name, watch.before)
    const cancel = (): Promise<unknown> => store.call('CancelRotateSecret', { SecretId: name }).catch(aboutSecret(name))
    await cancel()
    // Whoever interrupts the wait has been told.
    if (RotationEnabled) terminal.words(`${name} is paused while its rotation is taken back.`)
    const end = await watch.ended(cancel).catch((thrown: unknown): never => {
      // Nothing can be asked for before the rotation has ended.
      if (RotationEnabled)
        terminal.warn(`${name} stays paused. Once that rotation has ended: keyplane rotation resume ${name}`)
      throw thrown
    })
    const left = leftByFunction(await describeSecret(store, name))
    if (left !== undefined)
      terminal.warn(
        `${name} stays paused: its function's version ${left} is pending still. See how far it came, take AWSPENDING from it, then: keyplane rotation resume ${name}`,
      )
    else if (RotationEnabled) await askRotation(context, store, { SecretId: name, RotateImmediately: false })
    if (end.state === 'failed') throw rotationEndFailure(name, end)
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

/** The version that a function came so far with: the target may accept nothing else. */
const leftByFunction = ({ RotationLambdaARN = '', VersionIdsToStages }: DescribeSecretResponse): string | undefined =>
  isOwnRotator(RotationLambdaARN) ? undefined : pendingOf(VersionIdsToStages)

const nothingUnderWay = (name: string, { VersionIdsToStages }: DescribeSecretResponse): SecretsError => {
  const pending = pendingOf(VersionIdsToStages)
  const also = pending === undefined ? '' : ` The version ${pending} that is pending belongs to none, and stays.`
  return new SecretsError('conflict', `No rotation of ${JSON.stringify(name)} is under way; nothing was done.${also}`, {
    reason: 'nothing_under_way',
  })
}

const tooLate = (name: string): SecretsError =>
  new SecretsError(
    'conflict',
    `The rotation of ${JSON.stringify(name)} was too far to be taken back; it is finished.`,
    {
      reason: 'rotation_ended',
    },
  )
