import { type Clock, SecretsError } from '@keyplane/core'
import { OpenBaoAnswer } from '../answer.ts'
import { type Failure, failureOf, type Purpose } from '../failure.ts'
import { checkLeader, originOf, redirectOrigin } from './leader-origin.ts'
import { Leaders } from './leaders.ts'
import { NodeClient } from './node-client.ts'

export interface NodesOptions {
  /** In the order in which they are asked first. */
  readonly endpoints: readonly string[]
  readonly allowInsecureHttp?: boolean
  readonly ca?: string
  readonly clock: Clock
  readonly source: string
}

export interface NodeRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
  /** On the clock's monotonic scale. */
  readonly deadlineAtMs: number
  readonly purpose: Purpose
  /** Whether asking twice does no more than asking once. */
  readonly repeatable: boolean
  /** Ask the leader itself, where it is known and can be reached. */
  readonly atLeader?: boolean
}

/** An answer, and what is wrong with it. */
export interface NodeAnswer {
  readonly answer: OpenBaoAnswer
  readonly failure: Failure | undefined
}

/** Failures in which a node has surely done nothing, so that another may be asked to write, too. */
const untouched: readonly (string | undefined)[] = [
  'refused',
  'dns',
  'no_route',
  'tls',
  'sealed',
  'uninitialised',
  'standby',
  'no_leader',
  'foreign_redirect',
  'not_asked',
]

/** Whether a failure with this reason is of a request that no node has acted upon. */
export const didNothing = (reason: string | undefined): boolean => untouched.includes(reason)

const passes = (failure: { readonly code: string; readonly reason?: string }, repeatable: boolean): boolean =>
  (failure.code === 'unavailable' || failure.code === 'timeout') && (repeatable || didNothing(failure.reason))

/** The nodes of one cluster: the one that answered last is asked first, another where it can not answer. */
export class Nodes {
  readonly #options: NodesOptions
  readonly #nodes: readonly NodeClient[]
  readonly #leaders: Leaders
  #first = 0

  constructor(options: NodesOptions) {
    this.#options = options
    if (options.endpoints.length === 0)
      throw new SecretsError('config_invalid', 'OpenBao needs at least one endpoint.', { source: options.source })
    this.#nodes = options.endpoints.map((endpoint) => this.#open(endpoint))
    this.#leaders = new Leaders(options.clock, (origin) => this.#open(origin))
  }

  get origins(): readonly string[] {
    return this.#nodes.map(({ endpoint }) => endpoint.origin)
  }

  /** @throws SecretsError where no node gave an answer of any kind. */
  async send(request: NodeRequest): Promise<NodeAnswer> {
    const leader = request.atLeader === true ? await this.#namedLeader(request) : undefined
    return (leader && (await this.#sendToLeader(leader, request))) ?? this.#sendToAny(request)
  }

  /** One node's answer, without another being asked. */
  async sendTo(origin: string, request: NodeRequest): Promise<NodeAnswer> {
    const node = this.#nodes.find(({ endpoint }) => endpoint.origin === origin)
    if (!node) throw new SecretsError('internal', `${origin} is none of the nodes.`, { source: this.#options.source })
    return this.#once(node, request, this.#leftMs(request))
  }

  close(): void {
    for (const node of this.#nodes) node.close()
    this.#leaders.close()
  }

  async #sendToAny(request: NodeRequest): Promise<NodeAnswer> {
    const count = this.#nodes.length
    for (let tried = 0; ; tried += 1) {
      const index = (this.#first + tried) % count
      const isLast = tried === count - 1
      try {
        const outcome = await this.#ask(this.#nodes[index] as NodeClient, request, count - tried)
        if (!isLast && outcome.failure && passes(outcome.failure, request.repeatable)) continue
        if (!outcome.failure || !passes(outcome.failure, true)) this.#first = index
        return outcome
      } catch (thrown) {
        const goesOn = thrown instanceof SecretsError && passes(thrown, request.repeatable)
        if (isLast || !goesOn || this.#leftMs(request) <= 0) throw thrown
      }
    }
  }

  /** A request that may be repeated leaves the nodes after this one their share of the time. */
  async #ask(node: NodeClient, request: NodeRequest, nodesLeft: number): Promise<NodeAnswer> {
    const leftMs = this.#leftMs(request)
    const outcome = await this.#once(node, request, request.repeatable ? leftMs / nodesLeft : leftMs)
    if (outcome.answer.status !== 307) return outcome
    const leader = await this.#redirected(node, outcome.answer.location, request)
    return this.#askLeader(leader, request, nodesLeft)
  }

  async #askLeader(leader: NodeClient, request: NodeRequest, nodesLeft: number): Promise<NodeAnswer> {
    const leftMs = this.#leftMs(request)
    try {
      const outcome = await this.#once(leader, request, request.repeatable ? leftMs / nodesLeft : leftMs)
      if (outcome.answer.status !== 307) return outcome
    } catch (thrown) {
      // A standby goes on naming a leader that is dead until the next one is elected.
      if (!(thrown instanceof SecretsError) || thrown.code !== 'unavailable') throw thrown
      throw didNothing(thrown.reason) ? this.#noLeader(leader, thrown) : thrown
    }
    throw this.#noLeader(leader)
  }

  async #once(node: NodeClient, request: NodeRequest, timeoutMs: number): Promise<NodeAnswer> {
    const { method, target, headers, body, signal, purpose } = request
    const { clock, source } = this.#options
    if (timeoutMs <= 0)
      throw new SecretsError('timeout', "The call's time was over before OpenBao was asked.", {
        source,
        reason: 'not_asked',
      })
    const call = {
      method,
      target,
      headers: { ...headers, host: node.endpoint.host },
      timeoutMs: Math.ceil(timeoutMs),
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    }
    const answer = await node.send(call, { repeatable: request.repeatable })
    const parsed = new OpenBaoAnswer(answer, clock.nowMs())
    return { answer: parsed, failure: failureOf(parsed, purpose) }
  }

  /**
   * The leader that a standby names; nothing where the node asked leads itself, or can't tell.
   * @throws SecretsError `not_asked` where all are silent and the request may not be repeated: it might be served at last,
   * long after whoever asked has gone.
   */
  async #namedLeader(request: NodeRequest): Promise<NodeClient | undefined> {
    try {
      const { answer } = await this.#sendToAny(this.#whoLeads(request))
      const origin = originOf(answer.member('leader_address'))
      if (answer.member('is_self') !== false || origin === undefined) return undefined
      const leader = this.#leader(origin, { from: this.#nodes[this.#first] as NodeClient, named: origin })
      return this.#leaders.isUnreachable(origin) ? undefined : leader
    } catch (thrown) {
      if (!(thrown instanceof SecretsError)) throw thrown
      const isSilent = thrown.code === 'timeout' && !request.repeatable
      if (thrown.code !== 'closed' && !isSilent) return undefined
      const { code, message, source } = thrown
      throw new SecretsError(code, message, {
        cause: thrown,
        ...(source !== undefined && { source }),
        reason: 'not_asked',
      })
    }
  }

  /** The node that a redirect leads to. The token goes along, so the word of the redirect alone is not enough. */
  async #redirected(from: NodeClient, location: string | undefined, request: NodeRequest): Promise<NodeClient> {
    const { source } = this.#options
    const origin = redirectOrigin({ location, target: request.target, from: from.endpoint, source })
    if (this.origins.includes(origin)) return this.#leader(origin, { from, named: undefined })
    const question = this.#whoLeads(request)
    const { answer, failure } = await this.#once(from, question, this.#leftMs(question))
    return this.#leader(origin, { from, named: failure ? undefined : originOf(answer.member('leader_address')) })
  }

  /** Asked without token and namespace, and of the node itself: a standby knows. */
  #whoLeads({ headers, signal, deadlineAtMs }: NodeRequest): NodeRequest {
    const nowMs = this.#options.clock.monotonicMs()
    return {
      method: 'GET',
      target: '/v1/sys/leader',
      headers: { 'x-vault-request': headers['x-vault-request'] ?? 'true' },
      deadlineAtMs: nowMs + (deadlineAtMs - nowMs) / 2,
      purpose: 'other',
      repeatable: true,
      ...(signal ? { signal } : {}),
    }
  }

  /** The leader's answer; nothing where it can't be reached from here, as behind a load balancer. */
  async #sendToLeader(leader: NodeClient, request: NodeRequest): Promise<NodeAnswer | undefined> {
    try {
      const outcome = await this.#once(leader, request, Math.min(this.#leftMs(request) / 2, 1_000))
      // It leads no more; who does is told by the redirects of those who are asked next.
      return outcome.answer.status === 307 ? undefined : outcome
    } catch (thrown) {
      if (!(thrown instanceof SecretsError) || !passes(thrown, true)) throw thrown
      this.#leaders.noteUnreachable(leader.endpoint.origin)
      if (passes(thrown, request.repeatable)) return undefined
      throw thrown
    }
  }

  /** A configured node, or the leader that one names. */
  #leader(
    origin: string,
    { from, named }: { readonly from: NodeClient; readonly named: string | undefined },
  ): NodeClient {
    const configured = this.#nodes.find(({ endpoint }) => endpoint.origin === origin)
    if (configured) return configured
    const { source, allowInsecureHttp = false } = this.#options
    checkLeader({ origin, from: from.endpoint, named, allowInsecureHttp, source })
    return this.#leaders.at(origin)
  }

  #open(endpoint: string): NodeClient {
    const { allowInsecureHttp = false, ca, clock, source } = this.#options
    return new NodeClient({ endpoint, allowInsecureHttp, clock, source, ...(ca === undefined ? {} : { ca }) })
  }

  #noLeader({ endpoint }: NodeClient, cause?: SecretsError): SecretsError {
    return new SecretsError('unavailable', `No leader: a standby names ${endpoint.origin}, which does not lead.`, {
      source: this.#options.source,
      reason: 'no_leader',
      ...(cause ? { cause } : {}),
    })
  }

  #leftMs({ deadlineAtMs }: NodeRequest): number {
    return deadlineAtMs - this.#options.clock.monotonicMs()
  }
}
