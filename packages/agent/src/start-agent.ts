import {
  type Change,
  type Clock,
  type Random,
  SecretsError,
  type SecretProvider,
  systemClock,
  systemRandom,
} from '@keyplane/core'
import type { ReceiptOptions } from '@keyplane/secrets'
import { type AuditBatches, ReadTrail } from './audit/read-trail.ts'
import { checkIdentity, type Identity } from './check-identity.ts'
import type { AgentConfig } from './config/agent-config.ts'
import { RefusalLog } from './guards/refusal-log.ts'
import { RequestLimit } from './guards/request-limit.ts'
import { HttpDate } from './http/response-bytes.ts'
import { doorHandlers } from './listeners/door-handlers.ts'
import { Listeners } from './listeners/listeners.ts'
import { agentMetrics } from './metrics/agent-metrics.ts'
import type { Metric } from './metrics/exposition.ts'
import { Meters } from './metrics/meters.ts'
import { UpstreamMeter } from './metrics/upstream-meter.ts'
import { heldBack } from './held-back.ts'
import { openCache, type ReadBounds } from './open-cache.ts'
import { openTokens } from './open-tokens.ts'
import { observed } from './persist/observed.ts'
import { openPersisted } from './persist/open-persisted.ts'
import { beginPrefetch, type NamesQuery } from './prefetch.ts'
import { AnswerBodies } from './routes/answer-bodies.ts'
import type { ReadEvent } from './routes/secret-reads.ts'
import { version } from './version.ts'

/** Where the agent says what it does. Facts hold names and codes, never a value. */
export interface AgentLog {
  readonly level: string
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export interface StartAgentOptions {
  readonly config: AgentConfig
  /** Where secrets come from. */
  readonly source: SecretProvider
  /** Where parameters come from, for the AWS Lambda extension's dialect. Default: it is not spoken. */
  readonly parameters?: SecretProvider
  /** Whose credentials the agent reads with; asked once at start where the configuration says so. */
  readonly identity?: Identity
  /** Names of the source's secrets, for what is to be prefetched by tag or prefix. Default: it can't tell any. */
  readonly names?: (query: NamesQuery, call: { readonly signal: AbortSignal }) => AsyncIterable<string>
  /** Where the token is looked for, and what tells where the source is. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: AgentLog
  /** Told once, before the first answer. */
  readonly announce: (line: string) => void
  /** Told of each read, hits too. Never a value. */
  readonly onRead?: (event: ReadEvent) => void
  /** Where the audit log's records are kept; closed with the agent. Default: reads are not noted. */
  readonly audit?: AuditBatches
  /** Who is told which versions the agent gives out, so that rotations wait for it. Default: nobody. */
  readonly receipts?: ReceiptOptions
  /** What the source's calls are counted by, for `/metrics`. Default: none are counted. */
  readonly upstream?: UpstreamMeter
  /** Aborting it ends the start, which rejects with its reason and announces nothing; once started it means nothing. */
  readonly signal?: AbortSignal
  /**
   * Nothing is read before it resolves, and the credentials are not checked: a start whose memory is kept for later ones,
   * as AWS Lambda's SnapStart does, is to hold no secret. Requests before wait for a second at most. Default: at once.
   */
  readonly opens?: Promise<unknown>
  /** What holds for reads of secrets and of parameters, where it is another than the configuration says. */
  readonly reads?: { readonly secrets?: ReadBounds; readonly parameters?: ReadBounds }
  readonly clock?: Clock
  readonly random?: Random
}

export interface RunningAgent {
  readonly port: number
  readonly url: string
  /** Where it listens, by TCP, TLS (`https://…`) and Unix socket (`unix:…`). */
  readonly addresses: readonly string[]
  /** Of Vault's dialect, where it has a port of its own. */
  readonly vaultPort?: number
  /** Resolves when what the configuration names was read ahead, or could not be. */
  readonly prefetched: Promise<void>
  /** Tells the cache what changed at the source. */
  invalidate(change: Change): void
  /** Takes no more connections, lets running requests end for `graceMs` (default 10 s) at most, closes the source. */
  close(graceMs?: number): Promise<void>
}

/** Starts the agent, step by step; nothing is answered before it has announced itself. */
export const startAgent = async (options: StartAgentOptions): Promise<RunningAgent> => {
  const ends = new Ends()
  try {
    return await started(options, ends)
  } catch (error) {
    await ends.all(0)
    throw error
  }
}

/** How what was begun ends: the last first. */
class Ends {
  readonly #ends: ((graceMs?: number) => unknown)[] = []

  add(end: (graceMs?: number) => unknown): void {
    this.#ends.push(end)
  }

  async all(graceMs?: number): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) await end(graceMs)
  }
}

const started = async (options: StartAgentOptions, ends: Ends): Promise<RunningAgent> => {
  const { config, log } = options
  const parts = openParts(options, ends)
  const { clock, secrets } = parts
  const onError = (error: unknown): void => log.error({ err: error }, 'A request failed unexpectedly.')
  // What answers needs the tokens, which come last: who binds the port first finds out first that it is taken.
  const listeners = await Listeners.bind(config, { ...parts, log, onError })
  ends.add((graceMs) => listeners.close(graceMs))
  const account = await checkCredentials(options, clock)
  if (account.account !== undefined) parts.persisted?.bindTo(account.account)
  options.signal?.throwIfAborted()
  const tokens = openTokens({ ...options, clock })
  ends.add(() => tokens.close())
  const ending = new AbortController()
  ends.add(() => ending.abort(new SecretsError('closed', 'The agent ends.')))
  let isPrefetching = (): boolean => true
  const unreadiness = (): string | undefined =>
    ending.signal.aborted ? 'ending' : isPrefetching() ? 'prefetching' : undefined
  const gather = (): readonly Metric[] => agentMetrics(parts)
  const handlersOf = doorHandlers({ ...parts, config, log, tokens, unreadiness, gather })
  const { port, vaultPort, addresses } = listeners
  const url = `http://127.0.0.1:${port}`
  options.announce(`Keyplane Agent/${version} listening on ${url}`)
  log.info({ port, version }, `Listening on ${addresses.join(', ')}.`)
  listeners.ready(handlersOf)
  const prefetching = beginPrefetch({
    ...parts,
    config: config.prefetch,
    cacheSize: config.cacheSize,
    read: (ref, call) => secrets.read(ref, { ...call, required: true }),
    ...(options.names && { names: options.names }),
    ...account,
    log,
    signal: ending.signal,
    ...(options.opens && { opens: options.opens }),
  })
  isPrefetching = prefetching.isRunning
  return {
    port,
    url,
    addresses,
    ...(vaultPort !== undefined && { vaultPort }),
    prefetched: prefetching.done,
    invalidate: (change) => {
      parts.persisted?.change(change)
      secrets.invalidate(change)
    },
    close: (graceMs) => ends.all(graceMs),
  }
}

/** Everything that reads are made of. */
const openParts = (options: StartAgentOptions, ends: Ends) => {
  const { config, log, onRead, clock = systemClock, random = systemRandom } = options
  const trail = options.audit && new ReadTrail({ batches: options.audit, clock, log })
  ends.add(() => trail?.close())
  const persisted = openPersisted(config, { env: options.env, clock, log })
  ends.add(() => persisted?.close())
  const { opens, reads, receipts } = options
  const held = (provider: SecretProvider): SecretProvider => (opens ? heldBack(provider, opens, clock) : provider)
  const source = held(persisted ? observed(options.source, persisted) : options.source)
  const common = { config, log, clock, random }
  const secrets = openCache({ ...common, source, bounds: reads?.secrets, receipts })
  const parameters =
    options.parameters && openCache({ ...common, source: held(options.parameters), bounds: reads?.parameters })
  ends.add(() => Promise.all([secrets.close(), parameters?.close()]))
  return {
    clock,
    random,
    secrets,
    limit: new RequestLimit(config.maxConnections),
    date: new HttpDate(clock),
    meters: new Meters(),
    refusals: new RefusalLog({ log, clock }),
    bodies: new AnswerBodies(),
    upstream: options.upstream ?? new UpstreamMeter(clock),
    cached: () => secrets.cached + (parameters?.cached ?? 0),
    memoryBytes,
    startedAtMs: clock.nowMs(),
    ...(parameters && { parameters }),
    ...(onRead && { onRead }),
    ...(trail && { trail }),
    ...(persisted && { persisted }),
  }
}

const memoryBytes = (): number => process.memoryUsage.rss()

/** The account whose credentials they are, as far as it is known. */
const checkCredentials = async (
  { config, identity, log, signal, opens }: StartAgentOptions,
  clock: Clock,
): Promise<{ readonly account?: string }> => {
  if (!config.validateCredentials || !identity || opens) return {}
  try {
    const { account } = await checkIdentity(identity, clock, signal)
    return account === undefined ? {} : { account }
  } catch (error) {
    const passing = error instanceof SecretsError && ['unavailable', 'timeout', 'rate_limited'].includes(error.code)
    if (!passing || !config.ignoreTransientErrors) throw error
    log.warn({ code: error.code }, 'The credentials could not be checked; going on, as the failure may pass.')
    return {}
  }
}
