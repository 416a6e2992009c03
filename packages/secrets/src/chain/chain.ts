import {
  type CallOptions,
  type Clock,
  type Outcome,
  type Reading,
  type SecretRef,
  SecretsError,
  toSecretsError,
} from '@keyplane/core'
import { answeredStep, type Explanation, type ExplanationStep, failedStep } from './explanation.ts'
import { failureKind } from './failure-kind.ts'
import type { Leg } from './leg.ts'
import type { OpenLeg } from './open-leg.ts'
import { isAbsence, type Reports } from './reports.ts'
import { endsRead, type Strictness } from './strictness.ts'
import { Telemetry, type TelemetryOptions } from '../telemetry/telemetry.ts'
import { type ReadCounts, type ReadOutcome, Tally } from './tally.ts'

export interface ChainCall extends CallOptions {
  /** What is thrown instead of asking the next source. Default: nothing. */
  readonly strict?: Strictness
  /** The caller has a default, so an absence in the last source is no news. */
  readonly hasDefault?: boolean
  /** That a source has no such secret is no news to anybody. */
  readonly quiet?: boolean
  /** Strict, but for a source that cannot be asked at all: not installed, not configured. */
  readonly skipsUnusable?: boolean
  /** Throw what the sources said, in their own words, instead of giving nothing: a failure rather than an absence. */
  readonly required?: boolean
}

export interface ChainOptions {
  readonly reports: Reports
  readonly clock: Clock
  readonly telemetry?: TelemetryOptions
}

/** The sources in order. It is outside their caches: an answer of the second is never kept as the first one's. */
export class Chain {
  readonly #legs: readonly Leg[]
  readonly #reports: Reports
  readonly #clock: Clock
  readonly #tally = new Tally()
  readonly #telemetry: Telemetry
  readonly #first: Leg
  readonly #firstCounts: Record<ReadOutcome, number>

  constructor(legs: readonly Leg[], { reports, clock, telemetry = {} }: ChainOptions) {
    const [first] = legs
    if (!first) throw new SecretsError('config_invalid', 'There is no source of secrets: name a provider.')
    this.#first = first
    this.#firstCounts = this.#tally.of(first.name)
    this.#legs = legs
    this.#reports = reports
    this.#clock = clock
    this.#telemetry = new Telemetry(telemetry, clock, () => this.counts)
  }

  /** Reads of each source by their outcome, since the start. */
  get counts(): Readonly<Record<string, ReadCounts>> {
    return this.#tally.snapshot()
  }

  /** A fresh answer of the first source, if it is here already. One that covers a failure takes the long way, to be told. */
  peek(ref: SecretRef): Reading | undefined {
    const leg = this.#first.ready
    const reading = leg?.reader.peek(ref)
    if (!leg || !reading || (reading.failure !== undefined && this.#covered(reading))) return undefined
    if (leg.local) this.#firstCounts.asked += 1
    else this.#firstCounts.hit += 1
    return reading
  }

  /**
   * What the sources last said, without asking any of them: the reading, or the failure where none has it. Nothing where
   * one whose answer counts was never asked.
   */
  recall(ref: SecretRef, { strict = false }: Pick<ChainCall, 'strict'> = {}): Outcome<Reading> | undefined {
    let failure: SecretsError | undefined
    for (const leg of this.#legs) {
      const known = leg.ready ? leg.ready.reader.recall(ref) : leg.refusal && { ok: false as const, error: leg.refusal }
      if (!known) return undefined
      if (known.ok) {
        const covered = this.#covered(known.value)
        if (covered) this.#reports.covered(leg.name, ref.id, covered)
        this.#tally.of(leg.name)[covered ? failureKind[covered.code] : leg.ready?.local ? 'asked' : 'hit'] += 1
        return known
      }
      if (endsRead(known.error, strict)) return known
      failure = moreTelling(failure, known.error)
    }
    return failure && { ok: false, error: failure }
  }

  /** The first source's answer that has one; nothing where all say that there is none. */
  async read(ref: SecretRef, call: ChainCall & { readonly required: true }): Promise<Reading>
  async read(ref: SecretRef, call?: ChainCall): Promise<Reading | undefined>
  async read(ref: SecretRef, call: ChainCall = {}): Promise<Reading | undefined> {
    call.signal?.throwIfAborted()
    let failure: SecretsError | undefined
    for (const leg of this.#legs) {
      try {
        return await this.readFrom(leg, ref, call)
      } catch (thrown) {
        call.signal?.throwIfAborted()
        const error = toSecretsError(thrown)
        failure = moreTelling(failure, error)
        this.#passOver(leg, ref.id, error, call)
      }
    }
    if (call.required && failure) throw failure
    return undefined
  }

  /** Reads as `read` does, and tells of each source how it went. */
  async explain(ref: SecretRef, { strict = false }: Pick<ChainCall, 'strict'> = {}): Promise<Explanation> {
    const steps: ExplanationStep[] = []
    let source: string | undefined
    let ended = false
    for (const leg of this.#legs) {
      if (ended) steps.push({ source: leg.name, result: 'not asked' })
      else
        try {
          steps.push(answeredStep(await this.readFrom(leg, ref, {}), this.#clock))
          source = leg.name
          ended = true
        } catch (thrown) {
          const error = toSecretsError(thrown)
          steps.push(failedStep(leg.name, error))
          ended = endsRead(error, strict)
        }
    }
    return { key: ref.id, ...(source !== undefined && { source }), steps }
  }

  /** What each source gives to `ask`; a source that fails is logged, or thrown when strict. */
  async each<T>(what: string, ask: (leg: OpenLeg) => Promise<T>, call: ChainCall): Promise<T[]> {
    const results: T[] = []
    for (const leg of this.#legs) {
      try {
        results.push(await ask(await leg.open()))
      } catch (thrown) {
        call.signal?.throwIfAborted()
        this.#passOver(leg, what, toSecretsError(thrown), call)
      }
    }
    return results
  }

  /** Ends what counts reads. */
  close(): void {
    this.#telemetry.close()
  }

  /** One source's answer, whether it is in the chain or beside it. */
  async readFrom(leg: Leg, ref: SecretRef, call: ChainCall): Promise<Reading> {
    const counts = this.#tally.of(leg.name)
    try {
      const { reader, local } = await leg.open()
      const cached = call.freshness ? undefined : reader.peek(ref)
      const ask = (): Promise<Reading> => reader.read(ref, call)
      const reading = cached ?? (await (this.#telemetry.isOn ? this.#telemetry.read(leg.name, ref.id, ask) : ask()))
      const covered = this.#covered(reading)
      if (covered) {
        counts[failureKind[covered.code]] += 1
        this.#reports.covered(leg.name, ref.id, covered)
      } else {
        counts[cached && !local ? 'hit' : 'asked'] += 1
        if (!cached) this.#reports.answered(leg.name)
      }
      return reading
    } catch (thrown) {
      if (!call.signal?.aborted) counts[failureKind[toSecretsError(thrown).code]] += 1
      throw thrown
    }
  }

  /** The failure that an expired answer covers. */
  #covered({ failure, freshUntilMs }: Reading): SecretsError | undefined {
    return failure && this.#clock.recentMs() >= freshUntilMs ? failure : undefined
  }

  #passOver(leg: Leg, key: string, error: SecretsError, call: ChainCall): void {
    const { strict = false, hasDefault, required, quiet, skipsUnusable } = call
    const isAbsent = isAbsence(error)
    if (endsRead(error, strict) && !(skipsUnusable && failureKind[error.code] === 'unusable')) throw error
    const isLast = leg === this.#legs.at(-1)
    if (isAbsent && (quiet || (isLast && (hasDefault || required)))) return
    this.#reports.passedOver(leg.name, key, error)
  }
}

/** Of two sources' failures the one to tell: that a source refused or fell silent outweighs that another has no such key. */
const moreTelling = (former: SecretsError | undefined, latter: SecretsError): SecretsError =>
  former && !isAbsence(former) ? former : latter
