import type { Route } from '../http/handlers.ts'
import { isReadyz, text } from '../http/messages.ts'

/** Why no request should be sent here; nothing where the agent is ready. */
export type Unreadiness = () => string | undefined

/** Whether callers should be sent here: not while the agent still prefetches, nor while it ends. */
export const readyz =
  (unreadiness: Unreadiness): Route =>
  (request) => {
    if (!isReadyz(request)) return undefined
    const why = unreadiness()
    return why === undefined ? text(200, 'ready') : text(503, why)
  }
