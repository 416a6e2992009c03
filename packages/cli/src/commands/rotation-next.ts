import type { DescribeSecretResponse } from '@keyplane/aws'
import {
  afterBlackouts,
  jitterWithin,
  type RotationCalendar,
  rotationSchedule,
  windowDurationMs,
} from '@keyplane/rotation'
import type { Command, Context } from '../context.ts'
import { readRotationCalendar } from '../data-folder/rotation-calendar-file.ts'
import { exitCodes } from '../exit-codes.ts'
import { epochMs, minuteOf } from '../rotation/moment.ts'
import { describeSecret, withRotatingStore } from '../rotation/rotating-store.ts'
import { namesProvider } from '../secret-source.ts'

/** The next runs, before they happen. Those of a `rate()` count from the end of the one before, and may be minutes later. */
export const rotationNext: Command<{ readonly count: number }> = (context, [name = ''], { count }) =>
  withRotatingStore(context, async (store) => {
    const { terminal } = context
    const facts = await describeSecret(store, name)
    const runs = nextRuns(facts, count, calendarOf(context))
    if (terminal.json) terminal.data(JSON.stringify(runs.map((atMs) => ({ atMs }))))
    else if (runs.length > 0) terminal.data(runs.map(minuteOf).join('\n'))
    else terminal.words(whyNone(name, facts))
    return exitCodes.ok
  })

const nextRuns = (
  { ARN = '', RotationEnabled, RotationRules: rules, NextRotationDate }: DescribeSecretResponse,
  count: number,
  calendar: RotationCalendar,
): readonly number[] => {
  if (!RotationEnabled || NextRotationDate === undefined) return []
  const firstMs = afterBlackouts(calendar, epochMs(NextRotationDate))
  const expression = rules?.ScheduleExpression ?? `rate(${rules?.AutomaticallyAfterDays} days)`
  const windowMs = rules?.Duration === undefined ? Number.POSITIVE_INFINITY : windowDurationMs(rules.Duration)
  const delays = { ...calendar, jitterMs: jitterWithin(calendar, windowMs) }
  const schedule = rotationSchedule({ ...delays, expression, secretId: ARN, anchorMs: firstMs })
  const later = schedule.nextRuns(firstMs, count - 1)
  return [firstMs, ...later.map(({ startsAtMs }) => startsAtMs)]
}

/** That of the store on this machine; a store elsewhere says the first run only by its own. */
const calendarOf = ({ env, folder }: Context): RotationCalendar =>
  namesProvider(env) ? {} : readRotationCalendar(folder.rotationCalendar)

const whyNone = (name: string, { RotationLambdaARN, RotationEnabled }: DescribeSecretResponse): string => {
  if (RotationLambdaARN === undefined) return `${name} is rotated by nothing; see: keyplane rotate --help`
  if (!RotationEnabled) return `${name} is paused; go on with: keyplane rotation resume ${name}`
  return `${name} has no schedule; give it one with: keyplane rotate ${name} --every 'rate(30 days)'`
}
