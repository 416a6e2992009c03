import { aboutSecret } from '../about-secret.ts'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { describeSecret, pendingOf, withRotatingStore } from '../rotation/rotating-store.ts'

/** Has a secret rotated no more, until it is resumed; what is under way is taken back. */
export const rotationPause: Command = (context, [name = '']) =>
  withRotatingStore(context, async (store) => {
    const { terminal } = context
    const isUnderWay = pendingOf((await describeSecret(store, name)).VersionIdsToStages) !== undefined
    const { Name, ARN } = await store.call('CancelRotateSecret', { SecretId: name }).catch(aboutSecret(name))
    const also = isUnderWay ? ' What is under way is taken back.' : ''
    if (terminal.json) terminal.data(JSON.stringify({ name: Name, id: ARN, enabled: false, takenBack: isUnderWay }))
    else
      terminal.words(
        `${terminal.style('green', '✓')} ${Name} is paused.${also} Go on with: keyplane rotation resume ${Name}`,
      )
    return exitCodes.ok
  })
