import { type Clock, type Random, SecretsError, systemClock, systemRandom } from '@keyplane/core'
import type { OpenBaoAnswer } from './answer.ts'
import { type Health, healthOf, type SealStatus, sealStatusOf } from './nodes/health.ts'
import type { Ask, GrantedToken, LoginRequest } from './login.ts'
import { type Auth, loginOf } from './logins/auth.ts'
import { type NodeAnswer, Nodes } from './nodes/nodes.ts'
import { openBaoError } from './openbao-error.ts'
import type { Purpose } from './failure.ts'
import type { RefusalLedger } from './refusal-ledger.ts'
import { TokenKeeper, type TokenLife } from './token-keeper.ts'
import { type Bounds, withinBounds } from './within-bounds.ts'
import { WrittenIndex } from './nodes/written-index.ts'

export interface OpenBaoClientOptions {
  /** One node, or several of one cluster: `https://host[:port]`. Plain http to this machine only. */
  readonly endpoints: readonly string[]
  readonly auth: Auth
  /** `team/app`. Default: the root namespace. */
  readonly namespace?: string
  readonly clock?: Clock
  readonly random?: Random
  /** For a whole call, logins and tries at other nodes included. Default 2,500. */
  readonly timeoutMs?: number
  /** Lets plain http, and tokens with it, go to other machines. */
  readonly allowInsecureHttp?: boolean
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca?: string
  /** The provider's name, for errors. Default `openbao`. */
  readonly source?: string
  /** Told of what OpenBao found odd about a request that it served. Never a value. */
  readonly onWarning?: (warning: string) => void
  /**
   * The id of what causes a request, sent as `X-Correlation-Id`; OpenBao's audit log has it where the operator has registered
   * that header. Up to 128 printable characters; another one is left out.
   */
  readonly correlationId?: () => string | undefined
  /**
   * Where refused logins by AppRole are kept, which lock the role for everybody. Processes that share a role lock it together
   * unless they share this, too. Default: this process's memory.
   */
  readonly refusals?: RefusalLedger | undefined
}

export interface OpenBaoCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/v1/`, each segment encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** Whether asking twice does no more than asking once. Default: for GET. */
  readonly repeatable?: boolean
  readonly signal?: AbortSignal
  /** On the clock's monotonic scale; the client's own limit holds beside it. */
  readonly deadlineAtMs?: number
}

type Limits = Pick<OpenBaoCall, 'signal' | 'deadlineAtMs'>

export interface OpenBaoClient {
  /**
   * One call with a token, at whichever node answers.
   * @throws SecretsError for every answer that is no success, by what it means.
   */
  call(call: OpenBaoCall): Promise<OpenBaoAnswer>
  /** The same for a call that makes a lease, which ends with the token that it was made by. */
  leased(call: OpenBaoCall): Promise<{ readonly answer: OpenBaoAnswer; readonly login: TokenLife }>
  /** How each node stands, by its origin; asked without a token. */
  health(call?: Limits): Promise<ReadonlyMap<string, Health>>
  /** Each node's seal, by its origin; asked without a token. */
  sealStatus(call?: Limits): Promise<ReadonlyMap<string, SealStatus>>
  /**
   * Forgets the token, and that a login was refused: the next call logs in. By AppRole, whose role would be locked, a
   * refused login is tried again so once in 16 minutes.
   */
  refresh(): void
  /** Cuts all connections; every later call fails with `closed`. Resolves once no login is under way. */
  close(): Promise<void>
}

/** Text members of a body, which an error must not quote. */
const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

// A listener may demand the second, so that no browser or fooled server can ask.
const plainHeaders = { accept: 'application/json', 'x-vault-request': 'true' } as const

interface Sent {
  readonly call: OpenBaoCall
  readonly bounds: Bounds
  readonly token: string | undefined
  readonly purpose: Purpose
  readonly atLeader?: boolean
  readonly repeatable?: boolean
}

class NodesClient implements OpenBaoClient {
  readonly #options: OpenBaoClientOptions
  readonly #clock: Clock
  readonly #source: string
  readonly #nodes: Nodes
  readonly #keeper: TokenKeeper
  readonly #index: WrittenIndex
  #closed = false

  constructor(options: OpenBaoClientOptions) {
    const { clock = systemClock, random = systemRandom, source = 'openbao', endpoints, allowInsecureHttp, ca } = options
    const { auth, refusals } = options
    if (!/^[\x21-\x7e]*$/.test(options.namespace ?? ''))
      throw new SecretsError('config_invalid', `${JSON.stringify(options.namespace)} is no namespace.`, { source })
    this.#options = options
    this.#clock = clock
    this.#source = source
    this.#index = new WrittenIndex(clock)
    this.#nodes = new Nodes({
      endpoints,
      clock,
      source,
      ...(allowInsecureHttp === undefined ? {} : { allowInsecureHttp }),
      ...(ca === undefined ? {} : { ca }),
    })
    const ask: Ask = (request) => this.#askForLogin(request)
    const places = this.#nodes.origins.map((origin) => `${origin} ${options.namespace ?? ''}`)
    this.#keeper = new TokenKeeper({ login: loginOf(auth, source), ask, clock, random, source, places, refusals })
  }

  async call(call: OpenBaoCall): Promise<OpenBaoAnswer> {
    const { answer } = await this.#called(call, () => this.#keeper.token())
    return answer
  }

  async leased(call: OpenBaoCall): Promise<{ readonly answer: OpenBaoAnswer; readonly login: TokenLife }> {
    const { answer, token } = await this.#called(call, () => this.#keeper.lastingToken())
    return { answer, login: this.#keeper.lifeOf(token) }
  }

  async #called(
    call: OpenBaoCall,
    tokenOf: () => Promise<GrantedToken>,
  ): Promise<{ readonly answer: OpenBaoAnswer; readonly token: GrantedToken }> {
    const bounds = this.#begin(call)
    const token = await this.#bounded(tokenOf(), bounds)
    const first = await this.#send({ call, bounds, token: token.reveal(), purpose: 'other' })
    if (first.failure?.reason !== 'invalid_token') return { answer: this.#accepted(first, call, token), token }
    const refusal = this.#error(first, call, token.reveal())
    const other = await this.#bounded(this.#keeper.other(token, refusal), bounds)
    const second = await this.#send({ call, bounds, token: other.reveal(), purpose: 'other' })
    return { answer: this.#accepted(second, call, other), token: other }
  }

  health(call: Limits = {}): Promise<ReadonlyMap<string, Health>> {
    return this.#eachNode('sys/health', healthOf, call)
  }

  sealStatus(call: Limits = {}): Promise<ReadonlyMap<string, SealStatus>> {
    return this.#eachNode('sys/seal-status', sealStatusOf, call)
  }

  refresh(): void {
    this.#keeper.forget()
  }

  async close(): Promise<void> {
    this.#closed = true
    const ended = this.#keeper.close()
    this.#nodes.close()
    await ended
  }

  #begin({ signal, deadlineAtMs = Infinity }: Limits): Bounds {
    signal?.throwIfAborted()
    if (this.#closed) throw new SecretsError('closed', 'The OpenBao client was closed.', { source: this.#source })
    const ownMs = this.#clock.monotonicMs() + (this.#options.timeoutMs ?? 2_500)
    return { deadlineAtMs: Math.min(deadlineAtMs, ownMs), ...(signal ? { signal } : {}) }
  }

  async #eachNode<T>(
    path: string,
    read: (outcome: Promise<NodeAnswer>, signal?: AbortSignal) => Promise<T>,
    call: Limits,
  ): Promise<ReadonlyMap<string, T>> {
    const bounds = this.#begin(call)
    // Without the namespace: how a node stands is asked of the node.
    const request = { method: 'GET', target: `/v1/${path}`, headers: plainHeaders, purpose: 'other' as const }
    const found = this.#nodes.origins.map(async (origin): Promise<[string, T]> => {
      const outcome = this.#nodes.sendTo(origin, { ...request, ...bounds, repeatable: true })
      return [origin, await read(outcome, call.signal)]
    })
    return new Map(await Promise.all(found))
  }

  #bounded<T>(work: Promise<T>, bounds: Bounds): Promise<T> {
    return withinBounds(work, bounds, { clock: this.#clock, source: this.#source, waitingFor: 'The login to OpenBao' })
  }

  /** Logins are shared by all who wait for one, so they end by the client's own limit only. */
  async #askForLogin(request: LoginRequest): Promise<OpenBaoAnswer> {
    const { method, path, body, token, isAppRole, atLeader = false, repeatable = method === 'GET' } = request
    const call: OpenBaoCall = { method, path, ...(body === undefined ? {} : { body }) }
    const isLogin = token === undefined && path.endsWith('/login')
    const purpose = !isLogin ? 'other' : isAppRole ? 'approle_login' : 'login'
    const outcome = await this.#send({ call, bounds: this.#begin({}), token, purpose, atLeader, repeatable })
    return this.#checked(outcome, call, token)
  }

  async #send({
    call,
    bounds,
    token,
    purpose,
    atLeader = false,
    repeatable = call.repeatable ?? call.method === 'GET',
  }: Sent): Promise<NodeAnswer> {
    const { method, path, query = {}, body, headers } = call
    const search = new URLSearchParams(query).toString()
    const isRead = method === 'GET'
    const outcome = await this.#nodes.send({
      method,
      target: `/v1/${path}${search === '' ? '' : `?${search}`}`,
      headers: { ...this.#headers(token, body !== undefined), ...(isRead ? this.#index.headers() : {}), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...bounds,
      purpose,
      repeatable,
      atLeader,
    })
    if (!isRead && !outcome.failure) this.#index.note(outcome.answer.index)
    return outcome
  }

  #headers(token?: string, hasBody = false): Readonly<Record<string, string>> {
    const { namespace, correlationId } = this.#options
    const cause = correlationId?.()
    return {
      ...plainHeaders,
      ...(cause !== undefined && /^[\x21-\x7e]{1,128}$/.test(cause) ? { 'x-correlation-id': cause } : {}),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...(token === undefined ? {} : { 'x-vault-token': token }),
      ...(namespace === undefined || namespace === '' ? {} : { 'x-vault-namespace': namespace }),
    }
  }

  #accepted(outcome: NodeAnswer, call: OpenBaoCall, token: GrantedToken): OpenBaoAnswer {
    const { failure } = outcome
    const untaken = failure?.reason === 'invalid_token' || failure?.code === 'unavailable'
    if (!untaken) this.#keeper.taken(token)
    return this.#checked(outcome, call, token.reveal())
  }

  #checked(outcome: NodeAnswer, call: OpenBaoCall, token: string | undefined): OpenBaoAnswer {
    if (outcome.failure) throw this.#error(outcome, call, token)
    for (const warning of outcome.answer.warnings) this.#options.onWarning?.(`${call.path}: ${warning}`)
    return outcome.answer
  }

  #error(
    { answer, failure }: NodeAnswer,
    { method, path, body }: OpenBaoCall,
    token: string | undefined,
  ): SecretsError {
    if (!failure) return new SecretsError('internal', 'A success was taken for a failure.', { source: this.#source })
    const secrets = [...(token === undefined ? [] : [token]), ...textsIn(body)]
    return openBaoError(failure, answer, { source: this.#source, asked: `${method} ${path}`, secrets })
  }
}

/**
 * A client of one OpenBao cluster, or of HashiCorp Vault. Nothing is asked before the first call, nothing is cached but
 * the token.
 * @throws SecretsError `config_invalid` where an endpoint or the namespace is none.
 */
export const openBaoClient = (options: OpenBaoClientOptions): OpenBaoClient => new NodesClient(options)
