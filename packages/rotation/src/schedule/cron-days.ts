import { type FieldBounds, fieldNumber, parseField } from './cron-field.ts'

/** A day of a month, as a matcher is asked about it. */
export interface CivilDay {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
}

export type DayMatcher = (day: CivilDay) => boolean

const daysOfMonth: FieldBounds = { name: 'day of the month', min: 1, max: 31 }
/** AWS counts from Sunday, which is 1. */
const daysOfWeek: FieldBounds = {
  name: 'day of the week',
  min: 1,
  max: 7,
  names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
}
const weekOfMonth: FieldBounds = { name: 'week of the month', min: 1, max: 5 }
const daysBeforeLast: FieldBounds = { name: 'days before the last', min: 1, max: 30 }

/** The days that a day-of-month field stands for: also `L`, `L-3`, `15W` and `LW`. @throws SecretsError `config_invalid` */
export const monthDays = (text: string): DayMatcher => anyOf(text, monthDay)

/** The days that a day-of-week field stands for: also `L`, `SUNL`, `6L` and `5#3`. @throws SecretsError `config_invalid` */
export const weekDays = (text: string): DayMatcher => anyOf(text, weekDay)

const anyOf = (text: string, matcherOf: (item: string) => DayMatcher): DayMatcher => {
  const matchers = text.split(',').map(matcherOf)
  return (day) => matchers.some((matches) => matches(day))
}

const monthDay = (item: string): DayMatcher => {
  if (item === 'L') return (given) => given.day === lastDay(given)
  if (item === 'LW') return (given) => given.day === nearestWeekday(given, lastDay(given))
  const [, before] = /^L-(\d{1,2})$/.exec(item) ?? []
  if (before !== undefined) {
    const days = fieldNumber(before, daysBeforeLast)
    return (given) => given.day === lastDay(given) - days
  }
  const [, near] = /^(\d{1,2})W$/.exec(item) ?? []
  if (near !== undefined) {
    const wanted = fieldNumber(near, daysOfMonth)
    return (given) => wanted <= lastDay(given) && given.day === nearestWeekday(given, wanted)
  }
  const numbers = parseField(item, daysOfMonth)
  return ({ day }) => numbers.has(day)
}

const weekDay = (item: string): DayMatcher => {
  // The last day of a week is Saturday.
  if (item === 'L') return (given) => weekdayOf(given) === daysOfWeek.max
  const [, last] = /^(\w{1,3})L$/.exec(item) ?? []
  if (last !== undefined) {
    const wanted = fieldNumber(last, daysOfWeek)
    return (given) => weekdayOf(given) === wanted && given.day + 7 > lastDay(given)
  }
  const [, weekday, week] = /^(\w{1,3})#(\d)$/.exec(item) ?? []
  if (weekday !== undefined && week !== undefined) {
    const [wanted, nth] = [fieldNumber(weekday, daysOfWeek), fieldNumber(week, weekOfMonth)]
    return (given) => weekdayOf(given) === wanted && Math.ceil(given.day / 7) === nth
  }
  const numbers = parseField(item, daysOfWeek)
  return (given) => numbers.has(weekdayOf(given))
}

const lastDay = ({ year, month }: CivilDay): number => new Date(Date.UTC(year, month, 0)).getUTCDate()

/** 1 is Sunday. */
const weekdayOf = ({ year, month, day }: CivilDay): number => new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1

/** Monday to Friday, in the same month. */
const nearestWeekday = (within: CivilDay, day: number): number => {
  const weekday = weekdayOf({ ...within, day })
  if (weekday === 7) return day === 1 ? 3 : day - 1
  if (weekday === 1) return day === lastDay(within) ? day - 2 : day + 1
  return day
}
