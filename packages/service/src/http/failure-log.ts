import { type Clock, SecretsError, toSecretsError } from '@keyplane/core'
import type { SecretsLog } from '@keyplane/secrets'

const everyMs = 60_000
const maxKnown = 100

/** Tells the operator of failures of the service's own, each once a minute, however many requests meet it. */
export class FailureLog {
  readonly #log: SecretsLog
  readonly #clock: Clock
  readonly #toldAtMs = new Map<string, number>()

  constructor({ log, clock }: { readonly log: SecretsLog; readonly clock: Clock }) {
    this.#log = log
    this.#clock = clock
  }

  tell(thrown: unknown, requestId: string): void {
    const { code, message, cause } = toSecretsError(thrown)
    const what = `${message}${placeOf(cause)}`
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - (this.#toldAtMs.get(what) ?? -everyMs) < everyMs) return
    if (this.#toldAtMs.size >= maxKnown) this.#toldAtMs.clear()
    this.#toldAtMs.set(what, nowMs)
    this.#log.error(`Request ${requestId} got no answer (${code}): ${what}`, {})
  }
}

/** Ours says it all, without a value. A foreign error's own message may quote what it stumbled over; what kind it is and where it happened may be said. */
const placeOf = (cause: unknown): string => {
  if (cause instanceof SecretsError) return ` ${cause.message}`
  if (!(cause instanceof Error)) return ''
  const { name, message, stack = '', code } = cause as NodeJS.ErrnoException
  // The stack begins with the message, which may have lines of its own.
  const place = /^\n\s+(at .+)/.exec(stack.slice(stack.indexOf(message) + message.length))?.[1]
  return ` (${[code ?? name, ...(place === undefined ? [] : [place])].join(' ')})`
}
