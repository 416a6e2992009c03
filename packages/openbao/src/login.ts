import type { OpenBaoAnswer } from './answer.ts'

/** What a login may ask of OpenBao, without a token of its own. */
export interface LoginRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
  /** A token to ask with, where the login is by one. */
  readonly token?: string
  readonly isAppRole?: boolean
  /**
   * Ask the leader. A standby that lags does not know a secret id, a wrapping token or a role of a moment ago, refuses
   * it, and counts that towards a lockout.
   */
  readonly atLeader?: boolean
  /** Whether asking twice does no more than asking once. Default: for GET. */
  readonly repeatable?: boolean
}

/** @throws SecretsError for every answer but a success. */
export type Ask = (request: LoginRequest) => Promise<OpenBaoAnswer>

/** A token that OpenBao gave. Printed, it shows everything but itself. */
export class GrantedToken {
  readonly #text: string
  /** Nothing where it has no end. */
  readonly ttlMs: number | undefined
  readonly renewable: boolean

  constructor(text: string, { ttlMs, renewable }: { readonly ttlMs: number | undefined; readonly renewable: boolean }) {
    this.#text = text
    this.ttlMs = ttlMs
    this.renewable = renewable
  }

  reveal(): string {
    return this.#text
  }
}

/** Credentials as they are at this moment, ready to be shown to OpenBao. */
export interface Presented {
  /** The same for the same credentials, so that refused ones are not shown again and again. A hash, never themselves. */
  readonly fingerprint: string
  /** What OpenBao counts refusals by, where it locks a role for them: a hash of role and mount. */
  readonly role?: string
  readonly grant: (ask: Ask) => Promise<GrantedToken>
}

/** One way to get a token. */
export interface Login {
  readonly method: 'token' | 'approle' | 'kubernetes' | 'jwt'
  /** Reads the credentials anew. @throws SecretsError `source_misconfigured` where they can't be read. */
  readonly present: () => Promise<Presented>
}
