import type { Guard } from '../http/handlers.ts'
import { isProbe, text } from '../http/messages.ts'

/** Probes get through where callers do not: a busy agent is alive. The AWS agent's own margin. */
const pingMargin = 2

/** Counts the requests that are being answered; idle connections cost nothing. */
export class RequestLimit {
  readonly max: number
  active = 0

  constructor(max: number) {
    this.max = max
  }
}

/** 429 for what goes beyond the limit. The request itself is counted already, by who reads it from the wire. */
export const requestLimit =
  (limit: RequestLimit): Guard =>
  (request) =>
    limit.active > limit.max + (isProbe(request) ? pingMargin : 0) ? text(429, 'Connection limit exceeded') : undefined
