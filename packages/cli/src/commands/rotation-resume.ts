import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { askRotation } from '../rotation/ask-rotation.ts'
import { epochMs, minuteOf } from '../rotation/moment.ts'
import { describeSecret, withRotatingStore } from '../rotation/rotating-store.ts'

/** Has a secret rotated again as it was before the pause; the next run is that of its schedule. */
export const rotationResume: Command = (context, [name = '']) =>
  withRotatingStore(context, async (store) => {
    const { terminal } = context
    await askRotation(context, store, { SecretId: name, RotateImmediately: false })
    const { Name, ARN, NextRotationDate } = await describeSecret(store, name)
    const nextAtMs = NextRotationDate === undefined ? undefined : epochMs(NextRotationDate)
    const then = nextAtMs === undefined ? 'when it is asked for: it has no schedule' : minuteOf(nextAtMs)
    if (terminal.json) terminal.data(JSON.stringify({ name: Name, id: ARN, enabled: true, nextAtMs }))
    else terminal.words(`${terminal.style('green', '✓')} ${Name} is rotated again. Next: ${then}.`)
    return exitCodes.ok
  })
