import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import { type Blackout, type RotationCalendar, rotationSchedule } from '@keyplane/rotation'

const keys = ['timeZone', 'jitterMinutes', 'blackouts'] as const

/**
 * Reads when a store's scheduled rotations begin, of a JSON file
 * `{ "timeZone", "jitterMinutes", "blackouts": [{ "from", "to" }] }`; in UTC, without delays and on all days where there is
 * none. @throws SecretsError `config_invalid`
 */
export const readRotationCalendar = (path: string): RotationCalendar => {
  const text = textOf(path)
  return text === undefined ? {} : calendarOf(text, path)
}

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw invalid(path, `can't be read (${code})`)
  }
}

const calendarOf = (text: string, path: string): RotationCalendar => {
  const given = parsed(text, path)
  const unknown = Object.keys(given).find((key) => !keys.some((known) => known === key))
  if (unknown !== undefined) throw invalid(path, `has ${JSON.stringify(unknown)}, which is none of ${keys.join(', ')}`)
  const { timeZone, jitterMinutes = 0, blackouts = [] } = given
  if (timeZone !== undefined && typeof timeZone !== 'string') throw invalid(path, 'has a timeZone that is no text')
  if (typeof jitterMinutes !== 'number' || !(jitterMinutes >= 0 && jitterMinutes <= 1_440))
    throw invalid(path, 'has jitterMinutes that are not from 0 to 1440')
  if (!Array.isArray(blackouts) || !blackouts.every(isBlackout))
    throw invalid(path, 'has blackouts that are no list of {"from", "to"}')
  const calendar = { ...(timeZone !== undefined && { timeZone }), jitterMs: jitterMinutes * 60_000, blackouts }
  // The time zone and the dates are looked at too.
  rotationSchedule({ ...calendar, expression: 'rate(1 day)', secretId: '', anchorMs: 0 })
  return calendar
}

const parsed = (text: string, path: string): Readonly<Record<string, unknown>> => {
  try {
    const given: unknown = JSON.parse(text)
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) return { ...given }
  } catch {
    // As what is no object.
  }
  throw invalid(path, 'is no JSON object')
}

const isBlackout = (given: unknown): given is Blackout => {
  const { from, to, ...more } = (given ?? {}) as Readonly<Record<string, unknown>>
  return typeof from === 'string' && typeof to === 'string' && Object.keys(more).length === 0
}

const invalid = (path: string, why: string): SecretsError =>
  new SecretsError('config_invalid', `The rotation calendar ${path} ${why}.`)
