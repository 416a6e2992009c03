import { SecretsError } from '@keyplane/core'

/**
 * A time zone, by which moments (epoch milliseconds) have a wall time: what a clock on the wall shows, as milliseconds
 * that would be that time in UTC.
 */
export interface TimeZone {
  readonly name: string
  wallOf(atMs: number): number
  /**
   * The moment at which a clock on the wall shows that time: the first of two, where it is set back; the moment of the
   * change, where it is set forward over it.
   */
  momentOf(wallMs: number): number
}

const dayMs = 86_400_000

/** Schedules are in it unless somebody says otherwise, and it needs no calendar. */
const utc: TimeZone = { name: 'UTC', wallOf: (atMs) => atMs, momentOf: (wallMs) => wallMs }

/** An IANA time zone: `Europe/Berlin`, `UTC`. @throws SecretsError `config_invalid` for any other name. */
export const timeZone = (name: string): TimeZone => {
  if (name === 'UTC') return utc
  const format = formatOf(name)
  const wallOf = (atMs: number): number => {
    const part: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(atMs)) part[type] = Number(value)
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = part
    return Date.UTC(year, month - 1, day, hour, minute, second) + (((atMs % 1_000) + 1_000) % 1_000)
  }
  const offsetAt = (atMs: number): number => wallOf(atMs) - atMs
  return {
    name,
    wallOf,
    momentOf: (wallMs) => {
      const [before, after] = [offsetAt(wallMs - dayMs), offsetAt(wallMs + dayMs)]
      const moments = [wallMs - before, wallMs - after].filter((atMs) => wallOf(atMs) === wallMs)
      return moments.length > 0 ? Math.min(...moments) : changeWithin(wallMs - after, wallMs - before, offsetAt)
    },
  }
}

/** The first moment that has the later one's offset. */
const changeWithin = (fromMs: number, untilMs: number, offsetAt: (atMs: number) => number): number => {
  const after = offsetAt(untilMs)
  let [low, high] = [fromMs, untilMs]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle) === after) high = middle
    else low = middle
  }
  return high
}

const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw new SecretsError(
      'config_invalid',
      `There is no time zone ${JSON.stringify(timeZone)}; give one as Europe/Berlin.`,
    )
  }
}
