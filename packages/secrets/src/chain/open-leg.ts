import type { CallOptions, Change, SecretProvider, SecretReader } from '@keyplane/core'
import { type CacheOptions, withCache } from '../cache/with-cache.ts'
import { followChanges } from '../changes/follow-changes.ts'
import type { LeaseBounds } from '../leases/lease-settings.ts'
import { withLeases } from '../leases/with-leases.ts'
import type { Registrar } from '../masking/registrar.ts'
import { withMaskRegistrar } from '../masking/with-mask-registrar.ts'
import { withBatching } from '../resilience/with-batching.ts'
import { withBreaker } from '../resilience/with-breaker.ts'
import { bounded, withAttemptTimeout, withDeadline } from '../resilience/with-deadline.ts'
import { withRetry } from '../resilience/with-retry.ts'
import { DirectReader } from './direct-reader.ts'

export interface LegOptions extends Omit<CacheOptions, 'keeping'> {
  /** Bound of a call with all its attempts, in milliseconds. */
  readonly deadlineMs: number
  /** Bound of one attempt, in milliseconds. */
  readonly attemptTimeoutMs: number
  /** Calls in all, the first included. */
  readonly attempts: number
  /** Makes what is read known to the masking engine. */
  readonly registrar: Registrar
  /** A layer of the caller's below the cache and the registrar. Default: none. */
  readonly between?: ((source: SecretProvider) => SecretProvider) | undefined
  /** Of a source that makes credentials with a lease. */
  readonly leases: LeaseBounds
  /** Told of a lease that could not be kept or ended. */
  readonly onLeaseProblem: (problem: string) => void
  /** Told of each change that the source pushes, after the leg's own cache was. */
  readonly onChange: (change: Change) => void
}

/** A leg that is ready. */
export interface OpenLeg {
  readonly reader: SecretReader
  /** Its answers are as old as the question: what it has at hand is no cached hit. */
  readonly local: boolean
  /** The names that the source itself has, asked within the leg's deadline; none where it can't list. */
  names(query: { readonly prefix?: string }, call: CallOptions): Promise<string[]>
  /** How many references are cached. */
  cached(): number
  refresh(): Promise<void> | void
  close(): Promise<void>
}

const isIterable = <T>(list: AsyncIterable<T> | Iterable<T>): list is Iterable<T> => Symbol.iterator in list

const namesOf = async (source: SecretProvider, query: { readonly prefix?: string }, call: CallOptions) => {
  const found: string[] = []
  const list = source.list?.list(query, call) ?? []
  if (isIterable(list)) for (const { name } of list) found.push(name)
  else for await (const { name } of list) found.push(name)
  // A provider of somebody's may take the prefix for a hint.
  return found.filter((name: unknown) => typeof name === 'string' && name.startsWith(query.prefix ?? ''))
}

/** A source of this machine has few layers: it answers at once. */
const localLeg = (source: SecretProvider, { clock, registrar }: LegOptions): OpenLeg => {
  const reader = new DirectReader(withMaskRegistrar(source, registrar), clock)
  return {
    reader,
    local: true,
    cached: () => 0,
    names: (query, call) => namesOf(source, query, call),
    refresh: () => {
      reader.clear()
      return source.refresh?.()
    },
    close: async () => {
      reader.clear()
      await source.close?.()
    },
  }
}

/** The layers over a source that has to be asked, outermost last. */
const remoteLeg = (source: SecretProvider, options: LegOptions): OpenLeg => {
  const { clock, random, deadlineMs, attemptTimeoutMs, attempts, registrar, between = (each) => each } = options
  const within = <T>(what: string, act: (call: CallOptions) => Promise<T>, call: CallOptions = {}): Promise<T> =>
    bounded(act, call, { timeoutMs: deadlineMs, clock, source: source.name, what })
  const attempted = withAttemptTimeout(source, { timeoutMs: attemptTimeoutMs, clock })
  const guarded = withBreaker(attempted, { clock })
  const retried = withRetry(guarded, { attempts, clock, random })
  const batched = withBatching(withDeadline(retried, { timeoutMs: deadlineMs, clock }))
  const leased = withLeases(batched, { ...options, bounds: options.leases, onProblem: options.onLeaseProblem })
  const cache = withCache(withMaskRegistrar(between(leased), registrar), { ...options, keeping: registrar })
  return {
    reader: cache,
    local: false,
    cached: () => cache.size,
    names: (query, call) => within('the list of its secrets', (inner) => namesOf(source, query, inner), call),
    refresh: () => {
      const under = cache.refresh()
      return under && within('its refresh', () => under)
    },
    close: () => within('its end', () => cache.close()),
  }
}

/** The source behind its layers, with what it pushes brought to its cache. */
export const openLeg = (source: SecretProvider, options: LegOptions): OpenLeg => {
  const leg = source.local ? localLeg(source, options) : remoteLeg(source, options)
  const tell = (change: Change): void => {
    leg.reader.invalidate(change)
    options.onChange(change)
  }
  const unfollow = followChanges(source, { tell, clock: options.clock, random: options.random })
  return {
    ...leg,
    close: async () => {
      unfollow()
      await leg.close()
    },
  }
}
