import { type Clock, type Random, SecretsError, type Timer } from '@keyplane/core'
import type { Ask, GrantedToken, Login } from './login.ts'
import { LoginBackoff } from './login-backoff.ts'
import type { RefusalLedger } from './refusal-ledger.ts'

export interface TokenKeeperParts {
  readonly login: Login
  readonly ask: Ask
  readonly clock: Clock
  readonly random: Random
  readonly source: string
  /** The nodes that are asked, with the namespace. */
  readonly places: readonly string[]
  /** Where refused logins by AppRole are kept. Default: in this process's memory. */
  readonly refusals?: RefusalLedger | undefined
}

/** How long a token lives, as far as is known at the moment of asking; on the clock's monotonic scale. */
export interface TokenLife {
  endsAtMs(): number
}

interface Held {
  readonly token: GrantedToken
  readonly fingerprint: string
  readonly sinceMs: number
  /** Nothing where it has no end. */
  expiresAtMs: number | undefined
  renewable: boolean
  /** OpenBao has taken it for something. */
  proven: boolean
  /** From when on it is near its end and not to be prolonged: replaced at the next use, which does not wait for it. */
  dueAtMs: number
}

/** A token that is refused this soon, and was never taken, is not the last one's fault: another would fare no better. */
const freshMs = 5_000
/** Between two tries to replace a token that still serves. */
const betweenLoginsMs = 5_000

/** What OpenBao says; a proxy's refusal says nothing about a token. */
const codeOf = (thrown: unknown): string =>
  thrown instanceof SecretsError ? (thrown.reason === 'proxy' ? 'unavailable' : thrown.code) : 'internal'

/**
 * Keeps one token alive: a login at the first use, a renewal at two thirds of its life, one login for all who find it
 * dead. A server that is down costs no token: only its end or OpenBao's own word does.
 */
export class TokenKeeper {
  readonly #parts: TokenKeeperParts
  readonly #backoff: LoginBackoff
  #held: Held | undefined
  readonly #lives = new WeakMap<GrantedToken, TokenLife>()
  #flight: Promise<Held> | undefined
  #check: Promise<boolean> | undefined
  #timer: Timer | undefined
  #closed = false
  #generation = 0

  constructor(parts: TokenKeeperParts) {
    this.#parts = parts
    this.#backoff = new LoginBackoff({ ...parts, method: parts.login.method })
  }

  /** The token to ask with. @throws SecretsError where the login fails. */
  async token(): Promise<GrantedToken> {
    const { clock } = this.#parts
    if (this.#held?.expiresAtMs !== undefined && clock.monotonicMs() >= this.#held.expiresAtMs) this.#drop(this.#held)
    if (!this.#held) return (await this.#loggedIn()).token
    if (clock.monotonicMs() >= this.#held.dueAtMs) this.#replaceInTime(this.#held)
    return this.#held.token
  }

  /** One that is not near its end, for what ends with it; the one that still serves where the login fails. */
  async lastingToken(): Promise<GrantedToken> {
    const token = await this.token()
    return this.#flight ? this.#flight.then((held) => held.token).catch(() => token) : token
  }

  /**
   * Another token in place of one that was refused without a word about policies: OpenBao is asked once whether it is
   * dead, and there is one login for all.
   * @throws SecretsError `refusal` itself where another token would not help.
   */
  async other(refused: GrantedToken, refusal: SecretsError): Promise<GrantedToken> {
    const held = this.#held
    if (held && held.token !== refused) return held.token
    if (!held) return (await this.#loggedIn()).token
    if (!held.proven && this.#parts.clock.monotonicMs() - held.sinceMs < freshMs) throw refusal
    this.#check ??= this.#isAlive(held).finally(() => {
      this.#check = undefined
    })
    if (await this.#check)
      throw new SecretsError('access_denied', 'OpenBao knows the token and refuses it here.', {
        source: this.#parts.source,
        reason: 'token_not_taken',
        cause: refusal,
      })
    if (this.#held === held) {
      this.#bury(held)
      // A token that is given, not asked for, is the same at the next login.
      if (this.#parts.login.method === 'token') this.#backoff.note(held.fingerprint, refusal)
    }
    return (await this.#loggedIn()).token
  }

  /** Of a token that this keeper gave, the one of the moment or an earlier one. */
  lifeOf(token: GrantedToken): TokenLife {
    return this.#lives.get(token) ?? { endsAtMs: () => Number.NEGATIVE_INFINITY }
  }

  /** OpenBao took the token for something. */
  taken(token: GrantedToken): void {
    if (this.#held?.token === token) this.#held.proven = true
  }

  /** Forgets the token, and refusals as far as no role may be locked for it: the next use logs in. */
  forget(): void {
    this.#backoff.forget()
    this.#forgetToken()
  }

  /** Resolves once it is noted how a login ended that was under way. */
  async close(): Promise<void> {
    this.#closed = true
    const flight = this.#flight
    this.#forgetToken()
    const noted = this.#backoff.close()
    await flight?.catch(() => undefined)
    await noted
  }

  #forgetToken(): void {
    this.#generation += 1
    this.#flight = undefined
    if (this.#held) this.#drop(this.#held)
  }

  /** Logs in while the old token serves. Nobody waits for it, so nobody is told if it fails; the token's end will tell. */
  #replaceInTime(held: Held): void {
    held.dueAtMs = this.#parts.clock.monotonicMs() + betweenLoginsMs
    this.#loggedIn().catch(() => undefined)
  }

  #loggedIn(): Promise<Held> {
    if (this.#flight) return this.#flight
    const flight = this.#logIn(this.#generation).finally(() => {
      if (this.#flight === flight) this.#flight = undefined
    })
    this.#flight = flight
    return flight
  }

  async #logIn(generation: number): Promise<Held> {
    const { login, ask, clock } = this.#parts
    const presented = await login.present()
    const token = await this.#backoff.guard(presented, () => presented.grant(ask))
    const sinceMs = clock.monotonicMs()
    const held: Held = {
      token,
      fingerprint: presented.fingerprint,
      sinceMs,
      expiresAtMs: token.ttlMs === undefined ? undefined : sinceMs + token.ttlMs,
      renewable: token.renewable,
      proven: login.method === 'token',
      dueAtMs: Infinity,
    }
    this.#lives.set(token, { endsAtMs: () => held.expiresAtMs ?? Number.POSITIVE_INFINITY })
    if (generation === this.#generation && !this.#closed) {
      this.#held = held
      this.#schedule(held, token.ttlMs)
    }
    return held
  }

  /** At two thirds of the time left, give or take 5 %, so that a fleet does not renew in one moment. */
  #schedule(held: Held, ttlMs: number | undefined): void {
    this.#timer?.cancel()
    if (ttlMs === undefined) return
    const delayMs = (ttlMs * 2 * (0.95 + this.#parts.random.unit() / 10)) / 3
    // A timer holds 32 bits of milliseconds at most.
    this.#timer = this.#parts.clock.after(Math.min(delayMs, 2_000_000_000), () => {
      if (this.#held !== held) return
      if (held.renewable) void this.#renew(held)
      else held.dueAtMs = this.#parts.clock.monotonicMs()
    })
  }

  async #renew(held: Held): Promise<void> {
    const { ask, clock } = this.#parts
    try {
      const token = held.token.reveal()
      const answer = await ask({ method: 'POST', path: 'auth/token/renew-self', body: {}, token })
      if (this.#held !== held) return
      const seconds = answer.member('auth', 'lease_duration')
      const ttlMs = typeof seconds === 'number' ? seconds * 1_000 : 0
      const gainedMs = held.expiresAtMs === undefined ? 0 : clock.monotonicMs() + ttlMs - held.expiresAtMs
      held.expiresAtMs = clock.monotonicMs() + ttlMs
      // At its longest life a renewal gives no more than was left; then only a login helps.
      if (gainedMs < 1_000) held.renewable = false
      this.#schedule(held, ttlMs)
    } catch (thrown) {
      if (this.#held === held) this.#renewalFailed(held, thrown)
    }
  }

  #renewalFailed(held: Held, thrown: unknown): void {
    const code = codeOf(thrown)
    if (code === 'unauthenticated') return this.#bury(held)
    if (code === 'access_denied' || code === 'invalid_request' || code === 'unsupported') held.renewable = false
    // Half of what is left, so that tries come closer together towards the end.
    const leftMs = (held.expiresAtMs ?? 0) - this.#parts.clock.monotonicMs()
    if (leftMs > 0) this.#schedule(held, Math.max(leftMs / 2, 1_000))
  }

  async #isAlive(held: Held): Promise<boolean> {
    try {
      await this.#parts.ask({ method: 'GET', path: 'auth/token/lookup-self', token: held.token.reveal() })
      return true
    } catch (thrown) {
      const code = codeOf(thrown)
      // Policies are only asked about a token that lives.
      if (code === 'access_denied') return true
      if (code === 'unauthenticated') return false
      throw thrown
    }
  }

  /** OpenBao says that it is dead, and with it all that was leased by it. */
  #bury(held: Held): void {
    held.expiresAtMs = this.#parts.clock.monotonicMs()
    this.#drop(held)
  }

  #drop(held: Held): void {
    if (this.#held !== held) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#held = undefined
  }
}
