import {
  type CallOptions,
  type Clock,
  type LeaseKeeper,
  type Random,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type Timer,
  toSecretsError,
} from '@keyplane/core'
import { onFailure } from '../cache/on-failure.ts'
import { within } from '../resilience/within.ts'
import { HeldLease, type LeasedVersion } from './held-lease.ts'
import { type Lasting, LeaseBudget } from './lease-budget.ts'
import type { LeaseBounds } from './lease-settings.ts'

export interface SharedLeaseParts {
  readonly ref: SecretRef
  readonly source: SecretProvider & { readonly leases: LeaseKeeper }
  readonly bounds: LeaseBounds
  /** How long a refusal is repeated without asking, and how long a failure, in milliseconds. */
  readonly negativeTtlMs: number
  readonly retryAfterFailureMs: number
  readonly clock: Clock
  readonly random: Random
  /** Told of what is wrong and passed over. Never a value, never a lease's id. */
  readonly onProblem: (problem: string) => void
}

/** A credential may have been made whose answer was lost; for so long it counts as one that lives. */
const lostMs = 60_000

/** Whether the source may have made a credential although the call failed. */
const maybeMade = ({ code, reason }: SecretsError): boolean =>
  code === 'timeout' || code === 'bad_response' || code === 'internal' || reason === 'reset'

/** The one credential that all callers of a secret share, kept alive while somebody asks for it, replaced before it ends. */
export class SharedLease {
  readonly #parts: SharedLeaseParts
  readonly #budget: LeaseBudget
  #current: HeldLease | undefined
  #flight: Promise<HeldLease> | undefined
  #refusal: { readonly error: SecretsError; readonly untilMs: number } | undefined
  #timer: Timer | undefined
  #tending = false
  #askedAtMs = 0
  #closed = false

  constructor(parts: SharedLeaseParts) {
    this.#parts = parts
    const { ref, source, bounds, clock } = parts
    this.#budget = new LeaseBudget({ clock, budget: bounds.budget, id: ref.id, source: source.name })
  }

  async get(call: CallOptions = {}): Promise<LeasedVersion> {
    const { clock } = this.#parts
    this.#askedAtMs = clock.monotonicMs()
    const held = this.#current
    if (held?.serves() && held.given().version !== call.freshness?.exceptVersion) {
      this.#wake()
      return held.given()
    }
    return (await within(this.#next(), call, clock)).given()
  }

  /** Makes no more credentials, and waits for the one that is being made. Then all that there are have to be ended. */
  async end(): Promise<readonly HeldLease[]> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#flight?.catch(() => undefined)
    return this.#budget.living.filter((one) => one instanceof HeldLease)
  }

  /** The next credential, one for all who wait for it. */
  #next(): Promise<HeldLease> {
    this.#flight ??= this.#made().finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  async #made(): Promise<HeldLease> {
    const { clock, ref, source } = this.#parts
    if (this.#closed) throw new SecretsError('closed', `${source.name} is closed.`, { source: source.name })
    if (this.#refusal && clock.monotonicMs() < this.#refusal.untilMs) throw this.#refusal.error
    this.#budget.check()
    try {
      const version = await source.get(ref)
      const held = new HeldLease(checkedLease(version, source.name), { ...this.#parts, leases: source.leases })
      this.#budget.take(held)
      this.#refusal = undefined
      this.#current = held
      this.#timer?.cancel()
      this.#timer = undefined
      this.#wake()
      return held
    } catch (thrown) {
      throw this.#noted(toSecretsError(thrown))
    }
  }

  /** What a failure leaves behind: a refusal ends the credential that is held, too. */
  #noted(error: SecretsError): SecretsError {
    const { clock, negativeTtlMs, retryAfterFailureMs } = this.#parts
    const nowMs = clock.monotonicMs()
    const effect = onFailure(error)
    const waitMs = effect === 'serve_stale' ? (error.retryAfterMs ?? retryAfterFailureMs) : negativeTtlMs
    this.#refusal = { error, untilMs: nowMs + waitMs }
    if (maybeMade(error)) {
      const lost: Lasting = { endsAtMs: () => nowMs + lostMs }
      this.#budget.take(lost)
    }
    if (effect === 'evict' || effect === 'suspend') this.#current = undefined
    return error
  }

  /** Sees to it that the next step is done in time. */
  #wake(): void {
    const held = this.#current
    if (!held || this.#timer || this.#tending || this.#closed) return
    const { clock } = this.#parts
    // A timer holds 32 bits of milliseconds at most.
    const delayMs = Math.min(Math.max(0, held.dueAtMs() - clock.monotonicMs()), 2_000_000_000)
    this.#timer = clock.after(delayMs, () => {
      this.#timer = undefined
      void this.#tend(held)
    })
  }

  async #tend(held: HeldLease): Promise<void> {
    const { clock } = this.#parts
    if (this.#closed || held !== this.#current) return this.#wake()
    // Nobody asks for it: it ends by itself, unless somebody does in time.
    if (clock.monotonicMs() - this.#askedAtMs >= held.idleMs) return
    this.#tending = true
    const step = held.step()
    if (step === 'renew') await this.#renew(held)
    if (step === 'replace') await this.#replace(held)
    this.#tending = false
    this.#wake()
  }

  async #renew(held: HeldLease): Promise<void> {
    const { source, ref, onProblem } = this.#parts
    try {
      held.prolong(await source.leases.renew(held.lease))
    } catch (thrown) {
      const error = toSecretsError(thrown)
      if (onFailure(error) === 'serve_stale') return held.retryLater(error.retryAfterMs)
      if (error.code === 'secret_not_found') return this.#replaceGone(held)
      held.renewNoMore()
      if (error.code === 'access_denied')
        onProblem(
          `${source.name} does not let the lease of ${JSON.stringify(ref.id)} be renewed: it is replaced instead.`,
        )
    }
  }

  async #replace(held: HeldLease): Promise<void> {
    await this.#next().catch((thrown: unknown) => held.retryLater(toSecretsError(thrown).retryAfterMs))
  }

  /** The source has ended it before its time. */
  async #replaceGone(held: HeldLease): Promise<void> {
    this.#budget.give(held)
    if (this.#current === held) this.#current = undefined
    await this.#next().catch(() => undefined)
  }
}

/** @throws SecretsError `bad_response` where the source has made something that has no lease. */
const checkedLease = (version: Awaited<ReturnType<SecretProvider['get']>>, source: string): LeasedVersion => {
  if (version.lease) return version as LeasedVersion
  throw new SecretsError('bad_response', `${source} gave a credential without a lease.`, { source })
}
