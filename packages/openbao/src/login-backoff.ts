import { type Clock, SecretsError } from '@keyplane/core'
import type { Login, Presented } from './login.ts'
import { forgottenAfterMs, type Refusal, Refusals, refusalsOfProcess } from './refusals.ts'

/** OpenBao: the fifth refused login locks an AppRole, for all who use it, for 15 minutes. */
const maxRefusals = 4

export interface LoginBackoffParts {
  readonly method: Login['method']
  readonly clock: Clock
  /** The nodes that are logged in to, with the namespace: refusals by AppRole are shared with all who ask one of them. */
  readonly places: readonly string[]
}

/** By OpenBao, not by a proxy before it, which OpenBao counts nothing of. */
const isRefusal = (thrown: unknown): thrown is SecretsError =>
  thrown instanceof SecretsError && thrown.code === 'unauthenticated' && thrown.reason !== 'proxy'

const own = ['own'] as const

/** Remembers refused logins, so that a wrong secret id locks no role and no server is asked in a circle. */
export class LoginBackoff {
  readonly #parts: LoginBackoffParts
  #own: Refusals
  #mayLift = false

  constructor(parts: LoginBackoffParts) {
    this.#parts = parts
    this.#own = new Refusals(parts.clock)
  }

  /**
   * A login, unless its credentials were refused a moment ago.
   * @throws SecretsError what the login throws, or the refusal that it is held back for.
   */
  guard<T>({ fingerprint, role }: Presented, attempt: () => Promise<T>): Promise<T> {
    const [refusals, keys] = this.#kept(role)
    return refusals.inTurn(keys, async () => {
      const blocked = this.#blocks(refusals, keys, fingerprint)
      if (blocked) throw blocked
      try {
        const granted = await attempt()
        refusals.forget(keys)
        return granted
      } catch (thrown) {
        if (isRefusal(thrown)) refusals.note(keys, fingerprint, thrown)
        throw thrown
      }
    })
  }

  /** A token that was given, not asked for, is refused. */
  note(fingerprint: string, refusal: SecretsError): void {
    if (isRefusal(refusal)) this.#own.note(own, fingerprint, refusal)
  }

  /** The next login is tried at once; by AppRole once in 15 minutes, and never the one that locks the role. */
  forget(): void {
    this.#own = new Refusals(this.#parts.clock)
    this.#mayLift = true
  }

  #kept(role: string | undefined): readonly [Refusals, readonly string[]] {
    const { method, clock, places } = this.#parts
    if (method !== 'approle' || role === undefined) return [this.#own, own]
    return [refusalsOfProcess(clock), places.map((place) => `${place} ${role}`)]
  }

  #blocks(refusals: Refusals, keys: readonly string[], fingerprint: string): SecretsError | undefined {
    const recent = refusals.recent(keys)
    const same = recent.filter((refusal) => refusal.fingerprint === fingerprint)
    const forgottenMs = (recent.at(-1)?.atMs ?? -Infinity) + forgottenAfterMs - this.#nowMs()
    const sameMs = this.#waitForSame(same, forgottenMs)
    const anyMs = this.#parts.method === 'approle' && recent.length >= maxRefusals ? forgottenMs : 0
    const last = same.at(-1) ?? recent.at(-1)
    if (!last || Math.max(sameMs, anyMs) <= 0) return undefined
    const mayLift = this.#mayLift && anyMs <= 0
    this.#mayLift = false
    if (mayLift && refusals.lift(keys)) return undefined
    return heldBack(last.error, Math.max(sameMs, anyMs))
  }

  /** AppRole: twice until OpenBao has forgotten it, at least a minute apart. Else: 5 s, doubling up to a minute. */
  #waitForSame(same: readonly Refusal[], forgottenMs: number): number {
    const last = same.at(-1)
    if (!last) return 0
    if (this.#parts.method !== 'approle')
      return last.atMs + Math.min(5_000 * 2 ** (same.length - 1), 60_000) - this.#nowMs()
    return same.length > 1 ? forgottenMs : last.atMs + 60_000 - this.#nowMs()
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs()
  }
}

const heldBack = (refusal: SecretsError, waitMs: number): SecretsError => {
  const { code, message, reason, source, upstream } = refusal
  return new SecretsError(code, `${message} It is not tried again for ${Math.ceil(waitMs / 1_000)} s.`, {
    cause: refusal,
    retryAfterMs: waitMs,
    ...(reason === undefined ? {} : { reason }),
    ...(source === undefined ? {} : { source }),
    ...(upstream === undefined ? {} : { upstream }),
  })
}
