import type { Route } from '../http/handlers.ts'
import { isPing, text } from '../http/messages.ts'

/** Whether the process lives; it says nothing of what stands behind it. */
export const ping = (): Route => (request) => (isPing(request) ? text(200, 'healthy') : undefined)
