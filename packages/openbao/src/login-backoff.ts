import { type Clock, SecretsError } from '@keyplane/core'
import type { Login } from './login.ts'

interface Refusal {
  readonly fingerprint: string
  readonly atMs: number
  readonly error: SecretsError
}

/** OpenBao: 5 refused logins lock an AppRole, for all who use it, for 15 minutes. @see sys/locked-users */
const lockoutWindowMs = 900_000
/** Below OpenBao's 5, whatever the credentials: others log in with the same role. */
const maxRefusals = 4

const isRefusal = (thrown: unknown): thrown is SecretsError =>
  thrown instanceof SecretsError && thrown.code === 'unauthenticated'

/** Remembers refused logins, so that a wrong secret id locks no role and no server is asked in a circle. */
export class LoginBackoff {
  readonly #method: Login['method']
  readonly #clock: Clock
  #refusals: readonly Refusal[] = []

  constructor(method: Login['method'], clock: Clock) {
    this.#method = method
    this.#clock = clock
  }

  /** Keeps a refusal in mind; any other failure says nothing about the credentials. */
  note(fingerprint: string, thrown: unknown): void {
    if (!isRefusal(thrown)) return
    this.#refusals = [...this.#recent(), { fingerprint, atMs: this.#clock.monotonicMs(), error: thrown }]
  }

  /** Why these credentials are not to be shown to the server yet. */
  blocks(fingerprint: string): SecretsError | undefined {
    const recent = this.#recent()
    const same = recent.filter((refusal) => refusal.fingerprint === fingerprint)
    const waitMs = Math.max(this.#waitForSame(same), this.#waitForAny(recent))
    const last = same.at(-1) ?? recent.at(-1)
    if (waitMs <= 0 || !last) return undefined
    const { code, message, reason, source, upstream } = last.error
    return new SecretsError(code, `${message} It is not tried again for ${Math.ceil(waitMs / 1_000)} s.`, {
      cause: last.error,
      retryAfterMs: waitMs,
      ...(reason === undefined ? {} : { reason }),
      ...(source === undefined ? {} : { source }),
      ...(upstream === undefined ? {} : { upstream }),
    })
  }

  forget(): void {
    this.#refusals = []
  }

  /** AppRole: twice in 15 minutes, at least a minute apart. Else: 5 s, doubling up to a minute. */
  #waitForSame(same: readonly Refusal[]): number {
    const last = same.at(-1)
    if (!last) return 0
    const oldest = same.at(-2)
    if (this.#method === 'approle')
      return oldest ? oldest.atMs + lockoutWindowMs - this.#nowMs() : last.atMs + 60_000 - this.#nowMs()
    return last.atMs + Math.min(5_000 * 2 ** (same.length - 1), 60_000) - this.#nowMs()
  }

  #waitForAny(recent: readonly Refusal[]): number {
    const oldest = recent.at(-maxRefusals)
    return this.#method === 'approle' && oldest ? oldest.atMs + lockoutWindowMs - this.#nowMs() : 0
  }

  #recent(): readonly Refusal[] {
    const sinceMs = this.#nowMs() - lockoutWindowMs
    return this.#refusals.filter(({ atMs }) => atMs > sinceMs).slice(-64)
  }

  #nowMs(): number {
    return this.#clock.monotonicMs()
  }
}
