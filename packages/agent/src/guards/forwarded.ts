import type { Guard } from '../http/handlers.ts'
import { firstHeader, isProbe, text } from '../http/messages.ts'

/** Refuses what a proxy passed on: a forwarded request was not made on this machine, whoever signed it. */
export const forwarded = (): Guard => (request) =>
  firstHeader(request, 'x-forwarded-for') !== undefined && !isProbe(request) ? text(403, 'Forwarded') : undefined
