import type { Guard } from '../http/handlers.ts'
import { firstHeader, isPing, text } from '../http/messages.ts'
import type { Token } from '../token.ts'

/** Refuses who does not show the token: a page or a server tricked into asking (SSRF) cannot set a header. */
export const callerToken =
  (token: Token, headers: readonly string[]): Guard =>
  (request) => {
    if (isPing(request)) return undefined
    const shown = headers.some((name) => {
      const value = firstHeader(request, name)
      return value !== undefined && token.matches(Buffer.from(value, 'latin1'))
    })
    return shown ? undefined : text(403, 'Bad Token')
  }
