import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { askRotation } from '../rotation/ask-rotation.ts'
import { nextRun } from '../rotation/next-run.ts'
import { describeSecret, pendingOf, withRotatingStore } from '../rotation/rotating-store.ts'
import { isOwnRotator } from '../rotation/rotator-name.ts'

/** Has a secret rotated again as it was before the pause; the next run is that of its schedule, or one that was missed. */
export const rotationResume: Command = (context, [name = '']) =>
  withRotatingStore(context, async (store) => {
    const { terminal } = context
    await askRotation(context, store, { SecretId: name, RotateImmediately: false })
    const facts = await describeSecret(store, name)
    const { Name, ARN, RotationLambdaARN = '', VersionIdsToStages } = facts
    const left = isOwnRotator(RotationLambdaARN) ? undefined : pendingOf(VersionIdsToStages)
    if (left !== undefined)
      terminal.warn(`The next rotation of ${name} goes on with its function's version ${left}, which is pending still.`)
    const { nextAtMs, words } = nextRun(facts, context.clock.nowMs())
    if (terminal.json) terminal.data(JSON.stringify({ name: Name, id: ARN, enabled: true, nextAtMs }))
    else terminal.words(`${terminal.style('green', '✓')} ${Name} is rotated again. Next: ${words}.`)
    return exitCodes.ok
  })
