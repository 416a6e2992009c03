import {
  type Clock,
  type Random,
  type Reading,
  SecretsError,
  type SecretRef,
  toSecretsError,
  untilAborted,
} from '@keyplane/core'
import type { PrefetchConfig } from './config/agent-config.ts'

/** Which secrets' names are wanted. */
export interface NamesQuery {
  readonly prefix?: string
  readonly tagKey?: string
  /** The role that lists them. */
  readonly as?: string
}

export interface PrefetchParts {
  readonly config: PrefetchConfig
  /** References that the cache keeps at most. */
  readonly cacheSize: number
  readonly read: (ref: SecretRef, call: { readonly signal: AbortSignal }) => Promise<Reading>
  /** Default: the source can't tell names. */
  readonly names?: (query: NamesQuery, call: { readonly signal: AbortSignal }) => AsyncIterable<string>
  /** The account of the agent's own credentials, where it is known. */
  readonly account?: string
  readonly clock: Clock
  readonly random: Random
  readonly log: {
    debug(facts: object, message: string): void
    info(facts: object, message: string): void
  }
  readonly signal: AbortSignal
  /** Nothing is read before it resolves. Default: at once. */
  readonly opens?: Promise<unknown>
}

export interface RunningPrefetch {
  readonly isRunning: () => boolean
  /** Resolves when it is over. */
  readonly done: Promise<void>
}

/** Begins to prefetch. What it can't read, and that the agent ends, fails nothing. */
export const beginPrefetch = (parts: PrefetchParts): RunningPrefetch => {
  let isRunning = true
  const onEnd = (): void => {
    isRunning = false
  }
  const done = prefetch(parts).then(onEnd, onEnd)
  return { isRunning: () => isRunning, done }
}

/** As many as one call to AWS reads; between two of them the AWS agent's pause, below AWS's quota. */
const chunkSize = 20
const pauseMs = 34

/** Reads what the configuration names, at most a part of the cache, so that the first request finds it there. */
export const prefetch = async (parts: PrefetchParts): Promise<void> => {
  const { config, cacheSize, clock, random, log, signal, opens } = parts
  if (config.secrets.length + config.filterTags.length + config.prefixes.length === 0) return
  if (opens) await untilAborted(opens, signal)
  if (config.maxJitterMs > 0) await waited(random.unit() * config.maxJitterMs, clock, signal)
  const budget = Math.floor(cacheSize * config.cacheRatio)
  const wanted = await gathered(parts, budget)
  const counts = { success: 0, failed: 0 }
  for (let from = 0; from < wanted.length; from += chunkSize) {
    if (from > 0) await waited(pauseMs, clock, signal)
    const chunk = wanted.slice(from, from + chunkSize)
    const results = await Promise.all(chunk.map((ref) => isRead(ref, parts)))
    for (const done of results) counts[done ? 'success' : 'failed'] += 1
  }
  log.info(counts, `Pre-fetch complete: success=${counts.success}, failed=${counts.failed}`)
}

const isRead = async (ref: SecretRef, parts: PrefetchParts): Promise<boolean> => {
  const { account, read, log, signal } = parts
  const name = ref.as === undefined ? ownName(ref.id, account) : undefined
  try {
    // A name that was guessed wrong leads elsewhere, or nowhere.
    const byName = name === undefined ? undefined : await read({ id: name }, { signal }).catch(() => undefined)
    if (byName?.version.id !== ref.id) await read(ref, { signal })
    return true
  } catch (thrown) {
    signal.throwIfAborted()
    log.debug({ secretId: ref.id, code: toSecretsError(thrown).code }, 'A secret could not be prefetched.')
    return false
  }
}

/** What is to be read: the secrets that are named, then those with a tag, then those below a prefix; each once. */
const gathered = async (parts: PrefetchParts, budget: number): Promise<SecretRef[]> => {
  const { config } = parts
  const found = new Map<string, SecretRef>()
  const add = (id: string, as?: string): void => {
    const ref = { id, ...(as !== undefined && { as }) }
    const key = `${as ?? ''} ${id}`
    if (found.size < budget || found.has(key)) found.set(key, ref)
  }
  for (const { secretId, roleArn } of config.secrets) add(secretId, roleArn)
  const queries: readonly NamesQuery[] = [
    ...config.filterTags.map(({ key, roleArn }) => ({ tagKey: key, ...(roleArn !== undefined && { as: roleArn }) })),
    ...config.prefixes.map((prefix) => ({ prefix })),
  ]
  if (found.size >= budget) return [...found.values()]
  // Side by side, as each is another question; in the configuration's order, as there is room for the first ones only.
  const lists = await Promise.all(queries.map((query) => listed(query, budget, parts)))
  queries.forEach(({ as }, index) => {
    for (const name of lists[index] ?? []) add(name, as)
  })
  return [...found.values()]
}

/** The names that a query finds, no more than there is room for. */
const listed = async (
  query: NamesQuery,
  budget: number,
  { names, log, signal }: PrefetchParts,
): Promise<readonly string[]> => {
  const found: string[] = []
  try {
    if (!names) throw new SecretsError('unsupported', 'The source can not tell the names of its secrets.')
    for await (const name of names(query, { signal })) {
      found.push(name)
      if (found.length >= budget) break
    }
  } catch (thrown) {
    signal.throwIfAborted()
    log.info({ ...query, code: toSecretsError(thrown).code }, 'Secrets to prefetch could not be listed.')
  }
  return found
}

/**
 * The name in an ARN of the agent's own account: read by name, the value is found by name and by ARN, and callers may use
 * either. Another account's is read as it is: its name may be another secret's here.
 */
const ownName = (id: string, account: string | undefined): string | undefined => {
  const [, owner, name] = /^arn:[\w-]+:secretsmanager:[\w-]+:(\d{12}):secret:(.+)-[A-Za-z0-9]{6}$/.exec(id) ?? []
  return owner === account ? name : undefined
}

const waited = (delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => {
      timer.cancel()
      reject(signal.reason as Error)
    }
    const timer = clock.after(delayMs, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
