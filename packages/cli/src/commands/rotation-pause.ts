import { aboutSecret } from '../about-secret.ts'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { DatabaseFlags } from '../plane/store-database.ts'
import { isUnderWay } from '../rotation/local-rotations.ts'
import { describeSecret, withRotatingStore } from '../rotation/rotating-store.ts'
import { isOwnRotator } from '../rotation/rotator-name.ts'

/** Has a secret rotated no more, until it is resumed; what is under way is taken back, but for what a function did. */
export const rotationPause: Command<DatabaseFlags> = (context, [name = ''], flags) =>
  withRotatingStore(context, async (store) => {
    const { terminal } = context
    const before = await describeSecret(store, name)
    const isBegun = await isUnderWay(context, flags, before)
    const takenBack = isBegun && isOwnRotator(before.RotationLambdaARN ?? '')
    const { Name, ARN } = await store.call('CancelRotateSecret', { SecretId: name }).catch(aboutSecret(name))
    const ends = takenBack
      ? 'is taken back, unless it is too far'
      : 'ends there; what its function did at the target stays'
    const also = isBegun ? ` What is under way ${ends}.` : ''
    if (terminal.json) terminal.data(JSON.stringify({ name: Name, id: ARN, enabled: false, takenBack }))
    else
      terminal.words(
        `${terminal.style('green', '✓')} ${Name} is paused.${also} Go on with: keyplane rotation resume ${Name}`,
      )
    return exitCodes.ok
  })
