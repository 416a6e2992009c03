import type { Freshness, SecretsError, SecretVersion } from '@keyplane/core'

/** How long answers may be used. All in milliseconds. */
export interface CachePolicy {
  /** Age at which an answer expires. 0: confirmed at each read. */
  readonly ttlMs: number
  /** After expiry: the old value at once while one refresh runs. */
  readonly staleWhileRevalidateMs: number
  /** After expiry: the old value where the source fails in a passing way. */
  readonly maxStaleMs: number
  /** How long an absence or a refusal is repeated without asking. */
  readonly negativeTtlMs: number
  /** After a passing failure: how long the stale value is given without asking. */
  readonly retryAfterFailureMs: number
}

/** The facts about an entry that decide what a read does. */
export interface Standing {
  readonly version: SecretVersion | undefined
  readonly failure: SecretsError | undefined
  readonly suspended: boolean
  readonly confirmedAtMs: number
  readonly freshUntilMs: number
  readonly readAtMs: number
  readonly refreshFromMs: number
  readonly askAgainAtMs: number
}

/**
 * What a read does with what is known: `serve` it, serve it and refresh behind the caller's back, `ask` the source and
 * wait, or `fail` with the failure that is known and recent.
 */
export type Decision = 'serve' | 'serve_and_refresh' | 'ask' | 'fail'

/** As much of it as an answer has that is not kept. */
type Held = Pick<Standing, 'version' | 'confirmedAtMs' | 'freshUntilMs'> & { readonly suspended?: boolean }

/** No wish of the caller's: what the policy takes for fresh will do. */
const anyAge: Freshness = Object.freeze({})

/** When the source has to be asked: an answer's TTL is over, or nobody has asked for it in a TTL. */
export const expiresAtMs = ({ freshUntilMs, readAtMs }: Standing, { ttlMs }: Pick<CachePolicy, 'ttlMs'>): number =>
  Math.min(freshUntilMs, readAtMs + ttlMs)

/** Whether this caller wants more than the entry has, however fresh it is. */
const refuses = ({ version, confirmedAtMs }: Held, nowMs: number, wanted: Freshness): boolean =>
  (wanted.maxAgeMs !== undefined && nowMs - confirmedAtMs >= wanted.maxAgeMs) ||
  (wanted.exceptVersion !== undefined && version?.version === wanted.exceptVersion)

/** How long after its expiry an entry may still be served to this caller when the source fails. */
const staleUntilMs = (entry: Held, policy: CachePolicy, wanted: Freshness = anyAge): number =>
  entry.freshUntilMs + Math.min(policy.maxStaleMs, wanted.maxStaleMs ?? Number.POSITIVE_INFINITY)

/** Whether a failure of the source may be covered by what is kept. */
export const mayServeStale = (entry: Held, nowMs: number, policy: CachePolicy, wanted: Freshness = anyAge): boolean =>
  entry.version !== undefined &&
  entry.version.lease === undefined &&
  !entry.suspended &&
  policy.maxStaleMs > 0 &&
  nowMs < staleUntilMs(entry, policy, wanted) &&
  !refuses(entry, nowMs, wanted)

/** The one place where freshness is judged. Pure: all that counts is in the arguments. */
export const decide = (
  entry: Standing | undefined,
  nowMs: number,
  policy: CachePolicy,
  wanted: Freshness = anyAge,
): Decision => {
  if (!entry || (wanted !== anyAge && refuses(entry, nowMs, wanted))) return 'ask'
  if (entry.version === undefined || entry.suspended) return nowMs < entry.askAgainAtMs ? 'fail' : 'ask'
  // After a failure ahead of expiry there is time: no reader needs to ask again at once.
  const mayRefresh = nowMs >= entry.askAgainAtMs
  const untilMs = expiresAtMs(entry, policy)
  if (nowMs < untilMs) return nowMs < entry.refreshFromMs || !mayRefresh ? 'serve' : 'serve_and_refresh'
  if (nowMs < entry.askAgainAtMs && mayServeStale(entry, nowMs, policy, wanted)) return 'serve'
  if (wanted.maxStaleMs !== 0 && nowMs < untilMs + policy.staleWhileRevalidateMs) return 'serve_and_refresh'
  return 'ask'
}
