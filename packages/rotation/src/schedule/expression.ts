import { SecretsError } from '@keyplane/core'
import { type DayMatcher, monthDays, weekDays } from './cron-days.ts'
import { type FieldBounds, parseField } from './cron-field.ts'
import type { TimeZone } from './time-zone.ts'

/** When something happens again and again. */
export interface Recurrence {
  /** The first moment after another one; nothing where there is none before the year 2200. */
  next(afterMs: number): number | undefined
  /** It happens several times on some days. */
  readonly isHourly: boolean
  /** It counts from its anchor, at whatever time of the day. */
  readonly isRate: boolean
}

export interface RecurrenceOptions {
  readonly zone: TimeZone
  /** Where a `rate()` counts from. */
  readonly anchorMs: number
  /** `secretsmanager`: only what AWS Secrets Manager takes. */
  readonly dialect: 'secretsmanager' | 'full'
}

/**
 * A schedule as AWS writes it: `rate(10 days)`, `cron(0 8 1 * ? *)`.
 * @throws SecretsError `config_invalid` for anything else, and for a cron expression that no day ever fits.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
 */
export const parseExpression = (text: string, options: RecurrenceOptions): Recurrence => {
  const [, kind, body = ''] = /^(rate|cron)\(([^()]*)\)$/.exec(text) ?? []
  if (kind === 'rate') return rate(body, options)
  if (kind === 'cron') return cron(body, options)
  throw invalid('it is neither "rate(… days)" nor "cron(…)"')
}

const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

const rate = (body: string, { anchorMs, dialect }: RecurrenceOptions): Recurrence => {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5}) (minute|hour|day)s?$/.exec(body) ?? []
  if (count === '') throw invalid('a rate is a number and one of minutes, hours and days')
  const everyMs = Number(count) * unitMs[unit as keyof typeof unitMs]
  // AWS: four hours at least, 999 days at most.
  if (dialect === 'secretsmanager' && (unit === 'minute' || everyMs < 4 * unitMs.hour || everyMs > 999 * unitMs.day))
    throw invalid('Secrets Manager takes rates from 4 hours to 999 days')
  return {
    isHourly: everyMs < unitMs.day,
    isRate: true,
    next: (afterMs) => anchorMs + Math.max(1, Math.floor((afterMs - anchorMs) / everyMs) + 1) * everyMs,
  }
}

const minutes: FieldBounds = { name: 'minute', min: 0, max: 59 }
const hours: FieldBounds = { name: 'hour', min: 0, max: 23 }
const months: FieldBounds = {
  name: 'month',
  min: 1,
  max: 12,
  names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
}
const years: FieldBounds = { name: 'year', min: 1970, max: 2199 }

interface Cron {
  /** Minutes of a day, in their order. */
  readonly times: readonly number[]
  readonly months: ReadonlySet<number>
  readonly years: ReadonlySet<number>
  readonly isDay: DayMatcher
}

const cron = (body: string, { zone, dialect }: RecurrenceOptions): Recurrence => {
  const fields = body.split(' ')
  if (fields.length !== 6) throw invalid('a cron expression has 6 fields: minutes, hours, day, month, weekday, year')
  if (dialect === 'secretsmanager') requireSecretsManager(fields)
  const parsed = parseCron(fields)
  // Every rule of days comes round within a cycle of the calendar.
  if (nextIn(parsed, zone, Date.UTC(2000, 0, 1), years.max) === undefined) throw invalid('no day ever fits it')
  return {
    isHourly: parsed.times.length > 1,
    isRate: false,
    next: (afterMs) => nextIn(parsed, zone, afterMs, years.max),
  }
}

const parseCron = ([
  minute = '',
  hour = '',
  day = '',
  month = '',
  weekday = '',
  year = '',
]: readonly string[]): Cron => {
  if ([day, weekday].filter((field) => field === '?').length !== 1)
    throw invalid('one of day of the month and day of the week has to be "?", and only one')
  const [minutesOf, hoursOf] = [parseField(minute, minutes), parseField(hour, hours)]
  const times = [...hoursOf].flatMap((each) => [...minutesOf].map((one) => each * 60 + one))
  return {
    times: times.sort((a, b) => a - b),
    months: parseField(month, months),
    years: parseField(year, years),
    isDay: day === '?' ? weekDays(weekday) : monthDays(day),
  }
}

/** The minutes are 0, the year is any, and not every wildcard is had. AWS: "as often as every four hours". */
const requireSecretsManager = (fields: readonly string[]): void => {
  const [minute, hour = '', day = '', , , year] = fields
  if (minute !== '0' || year !== '*') throw invalid('Secrets Manager takes no minutes but 0 and no year but *')
  const [, step = '24'] = /^(?:\d{1,2}|(?:\*|\d{1,2})?\/(\d{1,2}))$/.exec(hour) ?? [undefined, '0']
  if (Number(step) < 4) throw invalid('Secrets Manager takes one hour, or a step of four hours or more')
  if (day.includes('W')) throw invalid('Secrets Manager knows no W')
}

const dayMs = 86_400_000

const nextIn = (cron: Cron, zone: TimeZone, afterMs: number, lastYear: number): number | undefined => {
  // A day earlier: where clocks go back, a time that was is still to come.
  let dayStart = Math.floor(zone.wallOf(afterMs) / dayMs) * dayMs - dayMs
  for (;;) {
    const date = new Date(dayStart)
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1]
    if (year > lastYear) return undefined
    if (!cron.years.has(year) || !cron.months.has(month)) {
      dayStart = Date.UTC(year, month, 1)
      continue
    }
    if (cron.isDay({ year, month, day: date.getUTCDate() })) {
      const found = firstAfter(cron.times, afterMs, (time) => zone.momentOf(dayStart + time * 60_000))
      if (found !== undefined) return found
    }
    dayStart += dayMs
  }
}

/** The first moment after another one. Later times of a day are no earlier moments, whatever the clocks do: it is halved. */
const firstAfter = (
  times: readonly number[],
  afterMs: number,
  momentOf: (time: number) => number,
): number | undefined => {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (momentOf(times[middle] ?? 0) > afterMs) high = middle
    else low = middle + 1
  }
  const time = times[low]
  return time === undefined ? undefined : momentOf(time)
}

const invalid = (why: string): SecretsError =>
  new SecretsError('config_invalid', `The schedule can't be read: ${why}.`, { reason: 'schedule' })
