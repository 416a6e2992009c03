import { parseBlackouts } from './blackouts.ts'
import type { RotationScheduleOptions } from './rotation-schedule.ts'
import { timeZone } from './time-zone.ts'

/** What holds for every schedule of a store, beside its own expression. */
export type RotationCalendar = Pick<RotationScheduleOptions, 'timeZone' | 'jitterMs' | 'blackouts'>

/** Whether nothing is begun on that day. @throws SecretsError `config_invalid` for what is no date or time zone. */
export const isBlackedOut = ({ timeZone: name = 'UTC', blackouts = [] }: RotationCalendar, atMs: number): boolean =>
  parseBlackouts(blackouts, timeZone(name)).covers(atMs)

/** The moment, or the same time of day on the first day on which something is begun. @throws SecretsError as `isBlackedOut` */
export const afterBlackouts = ({ timeZone: name = 'UTC', blackouts = [] }: RotationCalendar, atMs: number): number =>
  parseBlackouts(blackouts, timeZone(name)).after(atMs).atMs

/** The delays that a calendar puts into a window: half of it at most, so that there is time to begin after them. */
export const jitterWithin = ({ jitterMs = 0 }: RotationCalendar, windowMs: number): number =>
  Math.min(jitterMs, windowMs / 2)
