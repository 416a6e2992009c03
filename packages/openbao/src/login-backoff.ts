import { type Clock, type Random, SecretsError, uuid } from '@keyplane/core'
import type { Login, Presented } from './login.ts'
import { didNothing } from './nodes/nodes.ts'
import { countingOf, isUnderway, type LoginVerdict, mayLogIn, pendingMs } from './login-rule.ts'
import { fingerprintOf } from './logins/credential.ts'
import { processLogins } from './process-logins.ts'
import { type LoginRefusal, MemoryRefusals, type RefusalLedger } from './refusal-ledger.ts'
import { SharedRefusals } from './shared-refusals.ts'

export interface LoginBackoffParts {
  readonly method: Login['method']
  readonly clock: Clock
  readonly random: Random
  readonly source: string
  /** The nodes that are logged in to, with the namespace: refusals by AppRole are shared with all who ask one of them. */
  readonly places: readonly string[]
  /** Where refusals by AppRole are kept. Default: in this process's memory. */
  readonly refusals?: RefusalLedger | undefined
}

/** How often it is looked whether another process's login has ended. */
const lookEveryMs = 100
/** For so long a shared ledger is not asked again about a login that it holds back: each read may want one. */
const heldMs = 5_000

/** By OpenBao, not by a proxy before it, which OpenBao counts nothing of. */
const isRefusal = (thrown: unknown): thrown is SecretsError =>
  thrown instanceof SecretsError && thrown.code === 'unauthenticated' && thrown.reason !== 'proxy'

/** It was sent, and may be refused as soon as OpenBao comes to it. */
const isUnknown = (thrown: unknown): boolean =>
  thrown instanceof SecretsError &&
  (['timeout', 'closed'].includes(thrown.code) || ['reset', 'connection'].includes(thrown.reason ?? '')) &&
  !didNothing(thrown.reason)

/** What refusals of other methods are kept by, each client's in its own memory. */
const own = 'own'

type Held = Extract<LoginVerdict, { readonly kind: 'held' }>

interface Wanted {
  readonly ledger: RefusalLedger
  readonly role: string
  readonly fingerprint: string
}

/** Remembers refused logins, so that a wrong secret id locks no role and no server is asked in a circle. */
export class LoginBackoff {
  readonly #parts: LoginBackoffParts
  readonly #places: readonly string[]
  readonly #ofRoles: RefusalLedger
  #own = new MemoryRefusals()
  #mayLift = false
  /** What OpenBao said of the last refusal that this client has met. */
  #met: { readonly id: string; readonly error: SecretsError } | undefined
  #held: { readonly fingerprint: string; readonly verdict: Held; readonly atMs: number } | undefined
  #closed = false
  #granting: Promise<void> = Promise.resolve()

  constructor(parts: LoginBackoffParts) {
    const { clock, refusals: shared, places } = parts
    this.#parts = parts
    this.#places = places.map((place) => fingerprintOf(place))
    const { refusals: ofProcess } = processLogins(clock)
    this.#ofRoles = shared ? new SharedRefusals({ shared, own: ofProcess, clock }) : ofProcess
  }

  /**
   * A login, unless its credentials were refused a moment ago.
   * @throws SecretsError what the login throws, or the refusal that it is held back for.
   */
  guard<T>({ fingerprint, role }: Presented, attempt: () => Promise<T>): Promise<T> {
    if (!this.#isLocking || role === undefined)
      return this.#guarded({ ledger: this.#own, role: own, fingerprint }, attempt)
    const wanted = { ledger: this.#ofRoles, role, fingerprint }
    return processLogins(this.#parts.clock).turns.inTurn(role, () => this.#guarded(wanted, attempt))
  }

  /** A token that was given, not asked for, is refused. */
  note(fingerprint: string, refusal: SecretsError): void {
    const id = uuid(this.#parts.random)
    if (isRefusal(refusal)) void this.#refused({ ledger: this.#own, role: own, fingerprint }, id, refusal)
  }

  /** The next login is tried at once; by AppRole once in 16 minutes, and never the one that locks the role. */
  forget(): void {
    this.#own = new MemoryRefusals()
    this.#mayLift = true
    this.#held = undefined
  }

  /** Ends waiting; resolves once it is noted how the last login ended. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#granting
  }

  get #isLocking(): boolean {
    return this.#parts.method === 'approle'
  }

  get #accepted(): Map<string, string> {
    return processLogins(this.#parts.clock).accepted
  }

  #isAccepted({ role, fingerprint }: Wanted): boolean {
    return this.#accepted.get(role) === fingerprint
  }

  async #guarded<T>(wanted: Wanted, attempt: () => Promise<T>): Promise<T> {
    const id = await this.#begin(wanted)
    const begunAtMs = this.#parts.clock.nowMs()
    try {
      const granted = await attempt()
      this.#accepted.set(wanted.role, wanted.fingerprint)
      // Nobody is kept waiting for what only others have to know.
      this.#granting = this.#granted(wanted, id, begunAtMs)
      return granted
    } catch (thrown) {
      if (isRefusal(thrown)) await this.#refused(wanted, id, thrown)
      // What OpenBao took before is hardly refused, and an outage must not hold it back.
      else if (isUnknown(thrown) && !this.#isAccepted(wanted)) await this.#ended(wanted, id, { end: 'unknown' })
      else await this.#takeBack(wanted, id)
      throw thrown
    }
  }

  /** @throws SecretsError the refusal that holds it back. */
  async #begin(wanted: Wanted): Promise<string> {
    const { clock, random } = this.#parts
    const { fingerprint } = wanted
    const startMs = clock.monotonicMs()
    const held = this.#held?.fingerprint === fingerprint ? this.#held : undefined
    const leftMs = held ? held.verdict.waitMs - (startMs - held.atMs) : 0
    if (held && leftMs > 0 && startMs - held.atMs < heldMs) throw this.#heldBack({ ...held.verdict, waitMs: leftMs })
    const id = uuid(random)
    for (;;) {
      const verdict = await this.#reserve(wanted, id)
      if (verdict.kind === 'go') return id
      if (verdict.kind === 'held') {
        this.#held = { fingerprint, verdict, atMs: clock.monotonicMs() }
        throw this.#heldBack(verdict)
      }
      if (clock.monotonicMs() - startMs >= pendingMs || this.#closed) throw this.#othersFirst()
      await new Promise<void>((resolve) => void clock.after(lookEveryMs, resolve, { keepsAlive: true }))
    }
  }

  /** Looks whether a login may begin, and notes that it does, as one act: two that look at once must not both begin. */
  async #reserve({ ledger, role, fingerprint }: Wanted, id: string): Promise<LoginVerdict> {
    const { clock } = this.#parts
    const mayLift = this.#mayLift
    const { verdict } = await ledger.update(role, (kept) => {
      const nowMs = clock.nowMs()
      const counting = countingOf(kept.filter(this.#isHere), nowMs)
      const verdict = mayLogIn(counting, { fingerprint, nowMs, isLocking: this.#isLocking, mayLift })
      if (verdict.kind !== 'go') return { verdict, kept }
      const begun = { id, places: this.#places, fingerprint, atMs: nowMs }
      return { verdict, kept: [...countingOf(kept, nowMs), verdict.isLifted ? { ...begun, isLifted: true } : begun] }
    })
    if (verdict.kind === 'held' || (verdict.kind === 'go' && verdict.isLifted)) this.#mayLift = false
    return verdict
  }

  /** OpenBao has forgotten what it refused before; how another login ends that has begun is not known. */
  async #granted({ ledger, role }: Wanted, id: string, begunAtMs: number): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    // What was refused about then may have been refused afterwards, whatever the clocks say.
    const isBefore = (each: LoginRefusal): boolean => !isUnderway(each, nowMs) && each.atMs <= begunAtMs - pendingMs
    const stays = (each: LoginRefusal): boolean => !this.#isHere(each) || (each.id !== id && !isBefore(each))
    await ledger.update(role, (kept) => ({ kept: kept.filter(stays) }))
  }

  async #refused(wanted: Wanted, id: string, error: SecretsError): Promise<void> {
    const { reason } = error
    this.#met = { id, error }
    if (this.#isAccepted(wanted)) this.#accepted.delete(wanted.role)
    await this.#ended(wanted, id, { end: 'refused', ...(reason !== undefined && { reason }) })
  }

  async #ended(
    { ledger, role, fingerprint }: Wanted,
    id: string,
    how: Pick<LoginRefusal, 'end' | 'reason'>,
  ): Promise<void> {
    await ledger.update(role, (kept) => {
      const begun = kept.find((each) => each.id === id) ?? { id, places: this.#places, fingerprint }
      const ended = { ...begun, atMs: this.#parts.clock.nowMs(), ...how }
      return { kept: [...kept.filter((each) => each.id !== id), ended] }
    })
  }

  /** It came to nothing that OpenBao would count. */
  async #takeBack({ ledger, role }: Wanted, id: string): Promise<void> {
    await ledger.update(role, (kept) => ({ kept: kept.filter((each) => each.id !== id) }))
  }

  readonly #isHere = ({ places }: LoginRefusal): boolean => places.some((place) => this.#places.includes(place))

  #heldBack({ refusal: { id, reason, end }, waitMs }: Held): SecretsError {
    const { source } = this.#parts
    const met = this.#met?.id === id ? this.#met.error : undefined
    const why = reason === undefined ? '' : ` (${reason})`
    const isKnown = end === 'refused'
    const message = !isKnown
      ? 'How logins by this role ended is not known.'
      : (met?.message ?? `OpenBao refused it${why}.`)
    const held = `${message} It is not tried again for ${Math.ceil(waitMs / 1_000)} s.`
    // What nobody knows to be refused is no refusal.
    if (!isKnown) return new SecretsError('unavailable', held, { source, reason: 'login_turn', retryAfterMs: waitMs })
    return new SecretsError('unauthenticated', held, {
      source,
      retryAfterMs: waitMs,
      ...(reason !== undefined && { reason }),
      ...(met && { cause: met, ...(met.upstream !== undefined && { upstream: met.upstream }) }),
    })
  }

  #othersFirst(): SecretsError {
    const message = 'Other processes are logging in by the same role; OpenBao is asked when they are done.'
    return new SecretsError('unavailable', message, { source: this.#parts.source, reason: 'login_turn' })
  }
}
