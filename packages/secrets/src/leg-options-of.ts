import { durationMs, SecretsError, systemClock, systemRandom } from '@keyplane/core'
import type { LegOptions } from './chain/open-leg.ts'
import type { SecretsManagerOptions } from './manager-options.ts'

/** What holds where nothing is said. */
const defaults = {
  cacheTtl: undefined,
  staleWhileRevalidate: 0,
  maxStale: '1h',
  negativeTtl: '5s',
  deadline: '10s',
  attemptTimeout: '3s',
  maxEntries: 1_000,
  refreshAheadRatio: 0.1,
  readValueEveryNthCheck: 4,
  attempts: 3,
  pollInterval: '1m',
  budget: 10,
  overlap: '1m',
  minLeft: '10s',
} as const

/** Node's timers count in 31 bits; a longer one would be over at once. */
const maxTimerMs = 2 ** 31 - 1

/** What the options say of a leg, and how often what is watched is looked at. */
export type Bounds = Omit<LegOptions, 'registrar' | 'onChange' | 'onLeaseProblem' | 'between'> & {
  readonly pollEveryMs: number
}

/** The options in milliseconds and within their bounds. @throws SecretsError `config_invalid`, every problem at once. */
export const legOptionsOf = (options: SecretsManagerOptions, settingsTtlMs: number): Bounds => {
  const { clock = systemClock, random = systemRandom } = options
  const given = {
    ...defaults,
    ...definedOf(options.cache ?? {}),
    ...definedOf(options.leases ?? {}),
    ...definedOf(options),
  }
  const problems: string[] = []
  const ms = (
    name:
      | 'cacheTtl'
      | 'staleWhileRevalidate'
      | 'maxStale'
      | 'negativeTtl'
      | 'deadline'
      | 'attemptTimeout'
      | 'pollInterval'
      | 'overlap'
      | 'minLeft',
  ) => {
    try {
      return given[name] === undefined ? settingsTtlMs : durationMs(given[name], name)
    } catch (error) {
      problems.push((error as SecretsError).message)
      return 0
    }
  }
  const within = (
    name: 'maxEntries' | 'refreshAheadRatio' | 'readValueEveryNthCheck' | 'attempts' | 'budget',
    min: number,
    max = Number.MAX_SAFE_INTEGER,
  ): number => {
    const value = given[name]
    const fits = value >= min && value <= max && (max === 1 || Number.isInteger(value))
    if (!fits)
      problems.push(`${name}: ${value} is not ${max === 1 ? 'a number' : 'a whole number'} from ${min} to ${max}.`)
    return value
  }
  const timed = (name: 'deadline' | 'attemptTimeout' | 'pollInterval', min: string): number => {
    const known = problems.length
    const value = ms(name)
    const fits = value >= durationMs(min, name) && value <= maxTimerMs
    if (problems.length === known && !fits) problems.push(`${name}: ${given[name]} is not from ${min} to 24 days.`)
    return value
  }
  const ttlMs = ms('cacheTtl')
  const legOptions = {
    ttlMs,
    maxEntries: within('maxEntries', 0),
    staleWhileRevalidateMs: Math.min(ttlMs, ms('staleWhileRevalidate')),
    maxStaleMs: ms('maxStale'),
    negativeTtlMs: ms('negativeTtl'),
    retryAfterFailureMs: 1_000,
    refreshAheadRatio: within('refreshAheadRatio', 0, 1),
    readValueEveryNthCheck: within('readValueEveryNthCheck', 1),
    deadlineMs: timed('deadline', '1ms'),
    attemptTimeoutMs: timed('attemptTimeout', '1ms'),
    attempts: within('attempts', 1),
    leases: { budget: within('budget', 1), overlapMs: ms('overlap'), minLeftMs: ms('minLeft') },
    pollEveryMs: timed('pollInterval', '1s'),
    clock,
    random,
  }
  if (problems.length > 0) throw new SecretsError('config_invalid', problems.join('\n'))
  return legOptions
}

/** Without what is undefined: programs that pass on their own options have such members. */
const definedOf = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>
