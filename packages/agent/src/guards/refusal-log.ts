import type { Clock } from '@keyplane/core'
import { splitTarget } from '@keyplane/protocol'
import type { Guard } from '../http/handlers.ts'
import type { AgentRequest, AgentResponse } from '../http/messages.ts'

export interface RefusalLogParts {
  readonly log: { warn(facts: object, message: string): void }
  readonly clock: Clock
}

/** More often than that nothing is told: whoever is refused must not fill the log. */
const everyMs = 1_000
const maxPath = 200

/** Tells of requests that guards refuse: somebody on this machine tries a token, or a proxy is set up wrongly. */
export class RefusalLog {
  readonly #parts: RefusalLogParts
  #toldAtMs = Number.NEGATIVE_INFINITY
  #untold = 0

  constructor(parts: RefusalLogParts) {
    this.#parts = parts
  }

  /** The guard, with its refusals told. */
  watching(guard: Guard): Guard {
    return (request, visit) => {
      const refusal = guard(request, visit)
      if (refusal) this.#tell(request, refusal)
      return refusal
    }
  }

  /** A connection to the Unix socket that was cut; absent: the kernel did not say whose. */
  connection(peer: { readonly userId: number; readonly processId: number } | undefined): void {
    const whose = peer ? `user ${peer.userId}` : 'its user'
    this.#warn({ ...peer }, `A connection to the socket was refused: ${whose} is not named.`)
  }

  /** A connection that was cut, as so many are open already. */
  noRoom(connections: number): void {
    const why = `${connections} are open, and the limit of open files leaves room for no more`
    this.#warn({ connections }, `A connection was refused: ${why}.`)
  }

  #tell({ method, target }: AgentRequest, { status, body }: AgentResponse): void {
    const path = splitTarget(target).path.slice(0, maxPath)
    this.#warn({ status, method: method.slice(0, 20), path }, `A request was refused: ${String(body)}.`)
  }

  #warn(facts: object, message: string): void {
    const { log, clock } = this.#parts
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#toldAtMs < everyMs) {
      this.#untold += 1
      return
    }
    const others = this.#untold > 0 ? { untold: this.#untold } : {}
    log.warn({ ...facts, ...others }, message)
    this.#toldAtMs = nowMs
    this.#untold = 0
  }
}
