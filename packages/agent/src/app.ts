import { forwarded } from './guards/forwarded.ts'
import { callerToken } from './guards/caller-token.ts'
import type { Callers } from './guards/callers.ts'
import { method } from './guards/method.ts'
import type { RefusalLog } from './guards/refusal-log.ts'
import { RequestLimit, requestLimit } from './guards/request-limit.ts'
import type { Guard, Route, Visit } from './http/handlers.ts'
import { type AgentRequest, type AgentResponse, text } from './http/messages.ts'
import type { Metric } from './metrics/exposition.ts'
import { type GetSecretParts, getSecret } from './routes/get-secret.ts'
import { metrics } from './routes/metrics.ts'
import { ping } from './routes/ping.ts'
import { readyz, type Unreadiness } from './routes/readyz.ts'

export interface AgentParts extends GetSecretParts {
  readonly callers: Callers
  /** Header names that carry the token, lower case. */
  readonly tokenHeaders: readonly string[]
  readonly limit: RequestLimit
  /** Refuses a Host that is none of the listener's. */
  readonly host: Guard
  /** Whatever else is answered here, after the guards. */
  readonly routes?: readonly Route[]
  /** Another dialect, with guards of its own, that is asked first whether a request is its. */
  readonly before?: (request: AgentRequest) => AgentResponse | Promise<AgentResponse> | undefined
  readonly unreadiness: Unreadiness
  /** Tells of what the guards refuse. Default: nobody does. */
  readonly refusals?: RefusalLog
  /** How the agent stands, for `/metrics`. */
  readonly gather: () => readonly Metric[]
}

/** The life of a request to the agent: the guards in their order, then the route that takes it. */
export const agentApp = (parts: AgentParts): ((request: AgentRequest) => AgentResponse | Promise<AgentResponse>) => {
  const { callers, tokenHeaders, limit, host, before, routes: more = [], unreadiness, gather, meters, refusals } = parts
  const all: readonly Guard[] = [
    requestLimit(limit), // 429
    forwarded(), // 403; not for probes
    host, // 403; not for probes
    callerToken(callers, { headers: tokenHeaders }), // 403; not for probes
    method('GET'), // 405
  ]
  const guards = refusals ? all.map((guard) => refusals.watching(guard)) : all
  const routes: readonly Route[] = [ping(), readyz(unreadiness), metrics(gather), ...more, getSecret(parts)]
  const refused = (response: AgentResponse): AgentResponse => {
    meters.refused(response.status)
    return response
  }
  return (request) => {
    const elsewhere = before?.(request)
    if (elsewhere) return elsewhere
    const visit: Visit = {}
    for (const guard of guards) {
      const refusal = guard(request, visit)
      if (refusal) return refused(refusal)
    }
    for (const route of routes) {
      const response = route(request, visit)
      if (response) return response
    }
    return refused(text(404, 'Not found'))
  }
}
