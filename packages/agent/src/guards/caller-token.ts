import type { Guard } from '../http/handlers.ts'
import { type AgentRequest, firstHeader, isMetrics, isProbe, text } from '../http/messages.ts'
import type { Token } from '../token.ts'

/** Refuses who does not show the token: a page or a server tricked into asking (SSRF) cannot set a header. */
export const callerToken =
  (token: Token, headers: readonly string[]): Guard =>
  (request) => {
    if (isProbe(request)) return undefined
    const values = [...headers.map((name) => firstHeader(request, name)), isMetrics(request) && bearerOf(request)]
    const isShown = values.some((value) => typeof value === 'string' && token.matches(Buffer.from(value, 'latin1')))
    return isShown ? undefined : text(403, 'Bad Token')
  }

/** As Prometheus shows a token. */
const bearerOf = (request: AgentRequest): string | undefined =>
  /^Bearer (.+)$/i.exec(firstHeader(request, 'authorization') ?? '')?.[1]
