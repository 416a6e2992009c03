import type { DescribeSecretResponse, RotationRules } from '@keyplane/aws'
import { SecretsError, toSecretsError } from '@keyplane/core'
import type { Command, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { DatabaseFlags } from '../plane/store-database.ts'
import { askRotation } from '../rotation/ask-rotation.ts'
import { epochMs, minuteOf } from '../rotation/moment.ts'
import { isUnderWay } from '../rotation/local-rotations.ts'
import { nextRun } from '../rotation/next-run.ts'
import { currentOf, describeSecret, pendingOf, withRotatingStore } from '../rotation/rotating-store.ts'
import { rotationEndFailure } from '../rotation/rotation-end-failure.ts'
import { RotationWatch, seconds } from '../rotation/rotation-watch.ts'
import { rotatorArn, rotatorNames } from '../rotation/rotator-name.ts'

interface RotateFlags extends DatabaseFlags {
  readonly by?: string
  readonly every?: string
  readonly window?: string
  readonly later?: boolean
  readonly wait: boolean
}

/** Rotates a secret, and waits for the end of it; or says how it is rotated later. */
export const rotate: Command<RotateFlags> = (context, [name = ''], { by, wait, later = false, ...flags }) =>
  withRotatingStore(context, async (store) => {
    const rules = rulesOf(flags)
    const watch = await RotationWatch.open(context, store, { name, flags, by })
    if (by === undefined && watch.before.RotationLambdaARN === undefined) throw rotatedByNothing(name)
    const left = (await isUnderWay(context, flags, watch.before))
      ? undefined
      : pendingOf(watch.before.VersionIdsToStages)
    const { VersionId } = await askRotation(context, store, {
      SecretId: name,
      ...(by !== undefined && { RotationLambdaARN: rotatorArn(by) }),
      ...(rules && { RotationRules: rules }),
      ...(later && { RotateImmediately: false }),
    }).catch(goneOnWith(name, left))
    if (later) return tellLater(context, await describeSecret(store, name))
    if (!wait) return tell(context, watch, { state: 'asked', version: VersionId })
    const end = await watch.ended()
    if (end.state !== 'finished') throw rotationEndFailure(name, end)
    const { VersionIdsToStages, NextRotationDate } = await watch.settled()
    const version = currentOf(VersionIdsToStages)
    return tell(context, watch, { state: 'finished', version, next: NextRotationDate })
  })

/** A window alone is that of the schedule that the secret has. */
const rulesOf = ({ every, window }: Pick<RotateFlags, 'every' | 'window'>): RotationRules | undefined =>
  every === undefined && window === undefined
    ? undefined
    : { ...(every !== undefined && { ScheduleExpression: every }), ...(window !== undefined && { Duration: window }) }

const rotatedByNothing = (name: string): SecretsError =>
  new SecretsError(
    'invalid_request',
    `Nothing rotates ${JSON.stringify(name)} yet: give --by with ${rotatorNames.join(', ')}, or the ARN of a function.`,
  )

/** The store refuses another rotation, and goes on with what a function's has left pending. */
const goneOnWith =
  (name: string, left: string | undefined) =>
  (thrown: unknown): never => {
    if (left === undefined || toSecretsError(thrown).reason !== 'rotation_pending') throw thrown
    throw new SecretsError(
      'conflict',
      `No new rotation of ${JSON.stringify(name)} is begun: the one that left the version ${left} pending goes on from here.`,
      { reason: 'rotation_pending', cause: thrown },
    )
  }

interface Told {
  readonly state: 'asked' | 'finished'
  readonly version: string | undefined
  /** Epoch seconds. */
  readonly next?: number | undefined
}

const tellLater = ({ terminal, clock }: Context, facts: DescribeSecretResponse): number => {
  const { Name, ARN } = facts
  const { nextAtMs, words } = nextRun(facts, clock.nowMs())
  if (terminal.json) terminal.data(JSON.stringify({ name: Name, id: ARN, state: 'later', nextAtMs }))
  else terminal.words(`${terminal.style('green', '✓')} ${Name} is to be rotated. Next: ${words}.`)
  return exitCodes.ok
}

const tell = ({ terminal }: Context, { before, elapsedMs }: RotationWatch, { state, version, next }: Told): number => {
  const nextAtMs = next === undefined ? undefined : epochMs(next)
  const facts = { name: before.Name, id: before.ARN, version, state, elapsedMs, nextAtMs }
  const then = nextAtMs === undefined ? '' : ` Next: ${minuteOf(nextAtMs)}.`
  const words =
    state === 'asked'
      ? `${before.Name} is to be rotated (${version}); see: keyplane rotation status ${before.Name}`
      : `${terminal.style('green', '✓')} ${before.Name} is rotated (${version}), in ${seconds(elapsedMs)}.${then}`
  if (terminal.json) terminal.data(JSON.stringify(facts))
  else terminal.words(words)
  return exitCodes.ok
}
