import type { Guard } from '../http/handlers.ts'
import { type AgentRequest, firstHeader, isMetrics, isProbe, text } from '../http/messages.ts'
import type { Callers } from './callers.ts'

export interface CallerTokenOptions {
  /** Header names that carry the token, lower case. */
  readonly headers: readonly string[]
  /** Asked by those who have no token. Default: probes. */
  readonly isOpen?: (request: AgentRequest) => boolean
  /** Whether the token may stand behind `Authorization: Bearer`. Default: for `/metrics`, as Prometheus does. */
  readonly takesBearer?: (request: AgentRequest) => boolean
}

/**
 * Refuses who does not show a token, unless the connection says who it is: a page or a server tricked into asking (SSRF)
 * cannot set a header.
 */
export const callerToken =
  (callers: Callers, { headers, isOpen = isProbe, takesBearer = isMetrics }: CallerTokenOptions): Guard =>
  (request, visit) => {
    if (isOpen(request)) return undefined
    if (request.peer) {
      visit.caller = request.peer
      return undefined
    }
    const shown = [...headers.map((name) => firstHeader(request, name)), takesBearer(request) && bearerOf(request)]
    for (const value of shown) {
      const caller = typeof value === 'string' ? callers.of(Buffer.from(value, 'latin1')) : undefined
      if (caller) {
        visit.caller = caller
        return undefined
      }
    }
    return text(403, 'Bad Token')
  }

const bearerOf = (request: AgentRequest): string | undefined =>
  /^Bearer (.+)$/i.exec(firstHeader(request, 'authorization') ?? '')?.[1]
