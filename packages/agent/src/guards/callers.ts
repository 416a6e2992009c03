import type { Token } from '../token.ts'
import type { Scope } from './scope.ts'

/** Who asks. */
export interface Caller {
  /** As the configuration names it; who shows the agent's own token has no name. */
  readonly name?: string
  /** Which secrets it may read. Absent: all. */
  readonly secrets?: Scope
  /** Which parameters of Parameter Store. Absent: all. */
  readonly parameters?: Scope
}

export interface Client {
  readonly caller: Caller
  readonly token: Token
}

/** Who shows the agent's own token. */
const anybody: Caller = Object.freeze({})

/** Everybody who may ask, by their tokens. */
export class Callers {
  readonly #token: Token | undefined
  readonly #clients: readonly Client[]

  /** @param token the agent's own; absent where it does not count. */
  constructor(token: Token | undefined, clients: readonly Client[] = []) {
    this.#token = token
    this.#clients = clients
  }

  /** Whose token it is. Each is compared in constant time; how many were tells whose it is, but not what it is. */
  of(shown: Uint8Array): Caller | undefined {
    if (this.#token?.matches(shown)) return anybody
    for (const { caller, token } of this.#clients) if (token.matches(shown)) return caller
    return undefined
  }
}
