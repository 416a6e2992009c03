import type { Guard } from '../http/handlers.ts'
import { text } from '../http/messages.ts'

/** The agent only reads. */
export const method =
  (allowed: 'GET'): Guard =>
  (request) =>
    request.method === allowed ? undefined : text(405, 'Not allowed')
