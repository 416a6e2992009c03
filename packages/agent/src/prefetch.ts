import { type Clock, type Random, type Reading, SecretsError, type SecretRef, toSecretsError } from '@keyplane/core'
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
}

/** Begins to prefetch; gives whether it still goes on. What it can't read, and that the agent ends, fails nothing. */
export const beginPrefetch = (parts: PrefetchParts): (() => boolean) => {
  let isRunning = true
  const onEnd = (): void => {
    isRunning = false
  }
  prefetch(parts).then(onEnd, onEnd)
  return () => isRunning
}

/** As many as one call to AWS reads; between two of them the AWS agent's pause, below AWS's quota. */
const chunkSize = 20
const pauseMs = 34

/** Reads what the configuration names, at most a part of the cache, so that the first request finds it there. */
export const prefetch = async (parts: PrefetchParts): Promise<void> => {
  const { config, cacheSize, clock, random, log, signal } = parts
  if (config.secrets.length + config.filterTags.length + config.prefixes.length === 0) return
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
  const add = (id: string, as?: string): boolean => {
    const ref = { id, ...(as !== undefined && { as }) }
    const key = `${as ?? ''} ${id}`
    if (found.size < budget || found.has(key)) found.set(key, ref)
    return found.size < budget
  }
  for (const { secretId, roleArn } of config.secrets) add(secretId, roleArn)
  const queries = [
    ...config.filterTags.map(({ key, roleArn }) => ({ tagKey: key, ...(roleArn !== undefined && { as: roleArn }) })),
    ...config.prefixes.map((prefix) => ({ prefix })),
  ]
  for (const query of queries) if (found.size < budget) await addNames(query, add, parts)
  return [...found.values()]
}

const addNames = async (
  query: NamesQuery,
  add: (id: string, as?: string) => boolean,
  { names, log, signal }: PrefetchParts,
): Promise<void> => {
  try {
    if (!names) throw new SecretsError('unsupported', 'The source can not tell the names of its secrets.')
    for await (const name of names(query, { signal })) if (!add(name, query.as)) return
  } catch (thrown) {
    signal.throwIfAborted()
    log.info({ ...query, code: toSecretsError(thrown).code }, 'Secrets to prefetch could not be listed.')
  }
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
