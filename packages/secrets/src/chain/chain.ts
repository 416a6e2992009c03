import { type CallOptions, type Reading, type SecretRef, SecretsError, toSecretsError } from '@keyplane/core'
import type { Leg, OpenLeg } from './leg.ts'
import { isAbsence, type Reports } from './reports.ts'

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

  constructor(legs: readonly Leg[], reports: Reports) {
    if (legs.length === 0) throw new SecretsError('config_invalid', 'There is no source of secrets: name a provider.')
    this.#legs = legs
    this.#reports = reports
  }

  get legs(): readonly Leg[] {
    return this.#legs
  }

  /** A fresh answer of the first source, if it is here already. */
  peek(ref: SecretRef): Reading | undefined {
    return this.#legs[0]?.ready?.reader.peek(ref)
  }

  /** The first source's answer that has one; nothing where all say that there is none. */
  async read(ref: SecretRef, call: ChainCall & { readonly required: true }): Promise<Reading>
  async read(ref: SecretRef, call?: ChainCall): Promise<Reading | undefined>
  async read(ref: SecretRef, call: ChainCall = {}): Promise<Reading | undefined> {
    let failure: SecretsError | undefined
    for (const leg of this.#legs) {
      try {
        const reading = await (await leg.open()).reader.read(ref, call)
        this.#reports.answered(leg.name, ref.id)
        return reading
      } catch (thrown) {
        call.signal?.throwIfAborted()
        failure = toSecretsError(thrown)
        this.#passOver(leg, ref.id, failure, call)
      }
    }
    if (call.required && failure) throw failure
    return undefined
  }

  /** What each source gives to `ask`; a source that fails is logged, or thrown when strict. */
  async each<T>(what: string, ask: (leg: OpenLeg) => Promise<T>, call: ChainCall = {}): Promise<T[]> {
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

  #passOver(leg: Leg, key: string, error: SecretsError, { strict, hasDefault, required }: ChainCall): void {
    if (strict && !isAbsence(error)) throw error
    const isLast = leg === this.#legs.at(-1)
    if (isAbsence(error) && isLast && (hasDefault || required)) return
    this.#reports.passedOver(leg.name, key, error)
  }
}
