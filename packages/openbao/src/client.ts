import { type Clock, SecretsError, systemClock, systemRandom } from '@keyplane/core'
import type { OpenBaoAnswer } from './answer.ts'
import { type Health, healthOf, type SealStatus, sealStatusOf } from './nodes/health.ts'
import type { Limits, OpenBaoCall, OpenBaoClient, OpenBaoClientOptions } from './client-contract.ts'
import type { Ask, GrantedToken, LoginRequest } from './login.ts'
import { loginOf } from './logins/auth.ts'
import { type NodeAnswer, Nodes } from './nodes/nodes.ts'
import { openBaoError } from './openbao-error.ts'
import type { Purpose } from './failure.ts'
import { TokenKeeper, type TokenLife } from './token-keeper.ts'
import { type Bounds, withinBounds } from './within-bounds.ts'
import { WrittenIndex } from './nodes/written-index.ts'

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
