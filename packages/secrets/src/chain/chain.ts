import {
  type CallOptions,
  type Clock,
  type Reading,
  type SecretRef,
  SecretsError,
  toSecretsError,
} from '@keyplane/core'
import { answeredStep, type Explanation, type ExplanationStep, failedStep } from './explanation.ts'
import { failureKind } from './failure-kind.ts'
import type { Leg, OpenLeg } from './leg.ts'
import { isAbsence, type Reports } from './reports.ts'
import { type ReadCounts, Tally } from './tally.ts'

export interface ChainCall extends CallOptions {
  /** Throw what is no absence instead of asking the next source. */
  readonly strict?: boolean
  /** The caller has a default, so an absence in the last source is no news. */
  readonly hasDefault?: boolean
  /** Throw the last source's absence, in its own words, instead of giving nothing. */
  readonly required?: boolean
}

/** The sources in order. It is outside their caches: an answer of the second is never kept as the first one's. */
export class Chain {
  readonly #legs: readonly Leg[]
  readonly #reports: Reports
  readonly #clock: Clock
  readonly #tally = new Tally()
  readonly #first: Leg
  readonly #firstCounts: { hit: number }

  constructor(legs: readonly Leg[], reports: Reports, clock: Clock) {
    const [first] = legs
    if (!first) throw new SecretsError('config_invalid', 'There is no source of secrets: name a provider.')
    this.#first = first
    this.#firstCounts = this.#tally.of(first.name)
    this.#legs = legs
    this.#reports = reports
    this.#clock = clock
  }

  get legs(): readonly Leg[] {
    return this.#legs
  }

  /** Reads of each source by their outcome, since the start. */
  get counts(): Readonly<Record<string, ReadCounts>> {
    return this.#tally.snapshot()
  }

  /** A fresh answer of the first source, if it is here already. One that covers a failure takes the long way, to be told. */
  peek(ref: SecretRef): Reading | undefined {
    const reading = this.#first.ready?.reader.peek(ref)
    if (!reading || this.#covered(reading)) return undefined
    this.#firstCounts.hit += 1
    return reading
  }

  /** The first source's answer that has one; nothing where all say that there is none. */
  async read(ref: SecretRef, call: ChainCall & { readonly required: true }): Promise<Reading>
  async read(ref: SecretRef, call?: ChainCall): Promise<Reading | undefined>
  async read(ref: SecretRef, call: ChainCall = {}): Promise<Reading | undefined> {
    let failure: SecretsError | undefined
    for (const leg of this.#legs) {
      try {
        return await this.#readLeg(leg, ref, call)
      } catch (thrown) {
        call.signal?.throwIfAborted()
        failure = toSecretsError(thrown)
        this.#passOver(leg, ref.id, failure, call)
      }
    }
    if (call.required && failure) throw failure
    return undefined
  }

  /** Reads as `read` does, and tells of each source how it went. */
  async explain(ref: SecretRef): Promise<Explanation> {
    const steps: ExplanationStep[] = []
    let source: string | undefined
    for (const leg of this.#legs) {
      if (source !== undefined) steps.push({ source: leg.name, result: 'not asked' })
      else
        try {
          steps.push(answeredStep(await this.#readLeg(leg, ref, {}), this.#clock))
          source = leg.name
        } catch (thrown) {
          steps.push(failedStep(leg.name, toSecretsError(thrown)))
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

  async #readLeg(leg: Leg, ref: SecretRef, call: ChainCall): Promise<Reading> {
    const counts = this.#tally.of(leg.name)
    try {
      const { reader } = await leg.open()
      const cached = call.freshness ? undefined : reader.peek(ref)
      const reading = cached ?? (await reader.read(ref, call))
      const covered = this.#covered(reading)
      if (covered) {
        counts[failureKind[covered.code]] += 1
        this.#reports.covered(leg.name, ref.id, covered)
      } else {
        counts[cached ? 'hit' : 'asked'] += 1
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
    return failure && this.#clock.monotonicMs() >= freshUntilMs ? failure : undefined
  }

  #passOver(leg: Leg, key: string, error: SecretsError, { strict, hasDefault, required }: ChainCall): void {
    if (strict && !isAbsence(error)) throw error
    const isLast = leg === this.#legs.at(-1)
    if (isAbsence(error) && isLast && (hasDefault || required)) return
    this.#reports.passedOver(leg.name, key, error)
  }
}
