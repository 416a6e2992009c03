import {
  type Change,
  type Clock,
  type Random,
  SecretsError,
  type SecretProvider,
  systemClock,
  systemRandom,
} from '@keyplane/core'
import type { SecretsManager } from '@keyplane/secrets'
import { agentApp } from './app.ts'
import { checkIdentity, type Identity } from './check-identity.ts'
import type { AgentConfig } from './config/agent-config.ts'
import { type Caller, Callers } from './guards/callers.ts'
import { RequestLimit } from './guards/request-limit.ts'
import { fastPath } from './http/fast-path.ts'
import { HttpDate } from './http/response-bytes.ts'
import { AgentServer } from './http/server.ts'
import { agentMetrics } from './metrics/agent-metrics.ts'
import { Meters } from './metrics/meters.ts'
import { UpstreamMeter } from './metrics/upstream-meter.ts'
import { openCache } from './open-cache.ts'
import { beginPrefetch, type NamesQuery } from './prefetch.ts'
import { AnswerBodies } from './routes/answer-bodies.ts'
import { getPlainSecret } from './routes/get-secret.ts'
import type { ReadEvent } from './routes/secret-reads.ts'
import { findToken, Token } from './token.ts'
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
  /** Whose credentials the agent reads with; asked once at start where the configuration says so. */
  readonly identity?: Identity
  /** Names of the source's secrets, for what is to be prefetched by tag or prefix. Default: it can't tell any. */
  readonly names?: (query: NamesQuery, call: { readonly signal: AbortSignal }) => AsyncIterable<string>
  /** Where the token is looked for. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: AgentLog
  /** Told once, before the first answer. */
  readonly announce: (line: string) => void
  /** Told of each read, hits too. Never a value. */
  readonly onRead?: (event: ReadEvent) => void
  /** What the source's calls are counted by, for `/metrics`. Default: none are counted. */
  readonly upstream?: UpstreamMeter
  /** Aborting it ends the start, which rejects with its reason and announces nothing; once started it means nothing. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly random?: Random
}

export interface RunningAgent {
  readonly port: number
  readonly url: string
  /** Tells the cache what changed at the source. */
  invalidate(change: Change): void
  /** Takes no more connections, lets running requests end for `graceMs` (default 10 s) at most, closes the source. */
  close(graceMs?: number): Promise<void>
}

/** Starts the agent, step by step; nothing is answered before it has announced itself. */
export const startAgent = async (options: StartAgentOptions): Promise<RunningAgent> => {
  const { config, log, clock = systemClock, random = systemRandom, upstream = new UpstreamMeter(clock) } = options
  const limit = new RequestLimit(config.maxConnections)
  const date = new HttpDate(clock)
  const startedAtMs = clock.nowMs()
  const secrets = openCache({ ...options, clock, random })
  // The handlers need the token, which comes last: who binds the port first finds out first that it is taken.
  let app: ReturnType<typeof agentApp> | undefined
  let fast: ReturnType<typeof fastPath> | undefined
  const server = new AgentServer({
    app: (request) => {
      if (!app) throw new SecretsError('closed', 'The agent is not ready.')
      return app(request)
    },
    fastPath: (chunk) => fast?.(chunk),
    limit,
    date,
    onError: (error) => log.error({ err: error }, 'A request failed unexpectedly.'),
  })
  const port = await server.listen(config.httpPort)
  try {
    const account = await checkCredentials(options, clock)
    options.signal?.throwIfAborted()
    const token = openToken(options, clock)
    const { onRead } = options
    const bodies = new AnswerBodies()
    const meters = new Meters()
    const parts = { secrets, bodies, pathPrefix: config.pathPrefix, clock, log, meters, ...(onRead && { onRead }) }
    const metricsParts = { meters, upstream, limit, cached: () => secrets.cached, memoryBytes, startedAtMs }
    const ending = new AbortController()
    let isPrefetching = (): boolean => true
    const tokenParts = { callers: new Callers(token), tokenHeaders: config.tokenHeaders, limit }
    app = agentApp({
      ...parts,
      ...tokenParts,
      unreadiness: () => (ending.signal.aborted ? 'ending' : isPrefetching() ? 'prefetching' : undefined),
      gather: () => agentMetrics(metricsParts),
    })
    fast = fastPath({ ...tokenParts, date, hit: hitOf({ ...parts, bodies }), miss: getPlainSecret(parts) })
    const url = `http://127.0.0.1:${port}`
    options.announce(`Keyplane Agent/${version} listening on ${url}`)
    log.info({ port, version }, `Listening on ${url}.`)
    server.ready()
    isPrefetching = beginPrefetch({
      config: config.prefetch,
      cacheSize: config.cacheSize,
      read: (ref, call) => secrets.read(ref, { ...call, required: true }),
      ...(options.names && { names: options.names }),
      ...account,
      log,
      clock,
      random,
      signal: ending.signal,
    })
    return {
      port,
      url,
      invalidate: (change) => secrets.invalidate(change),
      close: async (graceMs) => {
        ending.abort(new SecretsError('closed', 'The agent ends.'))
        token.close()
        await server.close(graceMs)
        await secrets.close()
      },
    }
  } catch (error) {
    await server.close(0)
    await secrets.close()
    throw error
  }
}

const memoryBytes = (): number => process.memoryUsage.rss()

/** The account whose credentials they are, as far as it is known. */
const checkCredentials = async (
  { config, identity, log, signal }: StartAgentOptions,
  clock: Clock,
): Promise<{ readonly account?: string }> => {
  if (!config.validateCredentials || !identity) return {}
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

const openToken = ({ config, env, log }: StartAgentOptions, clock: Clock): Token => {
  const origin = findToken(env, config.tokenVariables)
  const token = new Token(origin.text)
  if (origin.path !== undefined)
    token.follow(origin.path, {
      clock,
      onProblem: (problem) => log.error({ code: problem.code }, `The token stays as it was: ${problem.message}`),
    })
  return token
}

/** A cached, fresh value for the fast path, told like any other read. */
const hitOf = ({
  secrets,
  bodies,
  log,
  meters,
  onRead,
}: {
  secrets: SecretsManager
  bodies: AnswerBodies
  log: AgentLog
  meters: Meters
  onRead?: (event: ReadEvent) => void
}) => {
  const debugs = log.level === 'debug'
  return (secretId: string, { name, secrets: scope }: Caller) => {
    const reading = secrets.peek({ id: secretId })
    if (!reading) return undefined
    // Refusals are the route's.
    if (scope && !(scope.mayAsk({ id: secretId }) && scope.mayHave(reading.version))) return undefined
    meters.hits += 1
    if (debugs) log.debug({ secretId, outcome: 'hit' }, 'Read.')
    onRead?.({ secretId, outcome: 'hit', status: 200, durationMs: 0, ...(name !== undefined && { client: name }) })
    return { version: reading.version, response: bodies.of(reading.version) }
  }
}
