import {
  type CallOptions,
  type Clock,
  type ErrorCode,
  type ManyReader,
  type Outcome,
  type SecretRef,
  SecretsError,
  type SecretVersion,
  toSecretsError,
} from '@keyplane/core'

export interface BatchedReadsParts {
  /** At most this many secrets go into one batch. */
  readonly maxRefs: number
  readonly source: string
  readonly clock: Clock
  readonly single: (ref: SecretRef, call?: CallOptions) => Promise<SecretVersion>
  /** One batch for ids that differ; an id without an outcome is read by itself. */
  readonly batch: (ids: readonly string[], call?: CallOptions) => Promise<ReadonlyMap<string, Outcome<SecretVersion>>>
}

/** A refusal or an unknown operation is not asked again for this long: every batch would be a call more. */
const forgetsRefusalAfterMs = 300_000
const maxSingles = 8
/** The batch may not be had although each secret may. */
const standing: readonly ErrorCode[] = ['access_denied', 'unsupported']

const isCurrent = ({ version, stage, as }: SecretRef): boolean =>
  version === undefined && as === undefined && (stage === undefined || stage === 'current')

/**
 * Many reads as one batch where that goes, and one by one where it does not: for a version or stage, for what the batch
 * left out, and where the batch itself is refused.
 */
export class BatchedReads implements ManyReader {
  readonly maxRefs: number
  readonly #parts: BatchedReadsParts
  #refusedUntilMs = Number.NEGATIVE_INFINITY

  constructor(parts: BatchedReadsParts) {
    this.maxRefs = parts.maxRefs
    this.#parts = parts
  }

  savesCalls(): boolean {
    return this.#parts.clock.monotonicMs() >= this.#refusedUntilMs
  }

  async get(refs: readonly SecretRef[], call?: CallOptions): Promise<readonly Outcome<SecretVersion>[]> {
    const { source } = this.#parts
    if (refs.length > this.maxRefs)
      throw new SecretsError('invalid_request', `At most ${this.maxRefs} secrets at a time.`, { source })
    const batched = await this.#batch([...new Set(refs.filter(isCurrent).map(({ id }) => id))], call)
    const outcomes: (Outcome<SecretVersion> | undefined)[] = refs.map((ref) =>
      isCurrent(ref) ? batched.get(ref.id) : undefined,
    )
    const waiting = refs.flatMap((_, index) => (outcomes[index] ? [] : [index])).values()
    const work = async (): Promise<void> => {
      for (const index of waiting) outcomes[index] = await this.#single(refs[index] as SecretRef, call)
    }
    await Promise.all(Array.from({ length: maxSingles }, work))
    return outcomes as Outcome<SecretVersion>[]
  }

  async #batch(ids: readonly string[], call?: CallOptions): Promise<ReadonlyMap<string, Outcome<SecretVersion>>> {
    const { batch } = this.#parts
    // One alone needs no other permission than its own.
    if (ids.length < 2 || !this.savesCalls()) return new Map()
    try {
      return await batch(ids, call)
    } catch (thrown) {
      const { code } = toSecretsError(thrown)
      if (standing.includes(code)) this.#refusedUntilMs = this.#parts.clock.monotonicMs() + forgetsRefusalAfterMs
      // One id that can't be right spoils the batch for all.
      if (standing.includes(code) || code === 'invalid_request') return new Map()
      throw thrown
    }
  }

  async #single(ref: SecretRef, call?: CallOptions): Promise<Outcome<SecretVersion>> {
    try {
      return { ok: true, value: await this.#parts.single(ref, call) }
    } catch (thrown) {
      const error = thrown instanceof SecretsError ? thrown : undefined
      if (call?.signal?.aborted || error?.code === 'closed') throw thrown
      return { ok: false, error: toSecretsError(thrown) }
    }
  }
}
