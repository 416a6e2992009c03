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
} as const

/** What the options say of a leg, and how often what is watched is looked at. */
export type Bounds = Omit<LegOptions, 'registrar' | 'onChange'> & { readonly pollEveryMs: number }

/** The options in milliseconds and within their bounds. @throws SecretsError `config_invalid`, every problem at once. */
export const legOptionsOf = (options: SecretsManagerOptions, settingsTtlMs: number): Bounds => {
  const { clock = systemClock, random = systemRandom } = options
  const given = { ...defaults, ...options.cache, ...definedOf(options) }
  const problems: string[] = []
  const ms = (
    name:
      | 'cacheTtl'
      | 'staleWhileRevalidate'
      | 'maxStale'
      | 'negativeTtl'
      | 'deadline'
      | 'attemptTimeout'
      | 'pollInterval',
  ) => {
    try {
      return given[name] === undefined ? settingsTtlMs : durationMs(given[name], name)
    } catch (error) {
      problems.push((error as SecretsError).message)
      return 0
    }
  }
  const within = (
    name: 'maxEntries' | 'refreshAheadRatio' | 'readValueEveryNthCheck' | 'attempts',
    min: number,
    max = Number.MAX_SAFE_INTEGER,
  ): number => {
    const value = given[name]
    const fits = value >= min && value <= max && (max === 1 || Number.isInteger(value))
    if (!fits)
      problems.push(`${name}: ${value} is not ${max === 1 ? 'a number' : 'a whole number'} from ${min} to ${max}.`)
    return value
  }
  const pollEvery = (): number => {
    const known = problems.length
    const pollEveryMs = ms('pollInterval')
    if (problems.length === known && pollEveryMs < 1_000) problems.push('pollInterval: less than 1 s.')
    return pollEveryMs
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
    deadlineMs: ms('deadline'),
    attemptTimeoutMs: ms('attemptTimeout'),
    attempts: within('attempts', 1),
    pollEveryMs: pollEvery(),
    clock,
    random,
  }
  if (problems.length > 0) throw new SecretsError('config_invalid', problems.join('\n'))
  return legOptions
}

const definedOf = ({ cacheTtl, deadline, attemptTimeout, attempts, pollInterval }: SecretsManagerOptions) => ({
  ...(cacheTtl !== undefined && { cacheTtl }),
  ...(deadline !== undefined && { deadline }),
  ...(attemptTimeout !== undefined && { attemptTimeout }),
  ...(attempts !== undefined && { attempts }),
  ...(pollInterval !== undefined && { pollInterval }),
})
