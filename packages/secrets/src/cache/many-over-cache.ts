import {
  type CallOptions,
  type ManyReader,
  type Outcome,
  type SecretRef,
  type SecretVersion,
  toSecretsError,
} from '@keyplane/core'

/** Each by itself, as any reader asks: those that have to ask go together where reads are batched, below the cache. */
export const manyOverCache = (
  { maxRefs }: ManyReader,
  get: (ref: SecretRef, call?: CallOptions) => Promise<SecretVersion>,
): ManyReader => {
  const outcomeOf = async (ref: SecretRef, call?: CallOptions): Promise<Outcome<SecretVersion>> => {
    try {
      return { ok: true, value: await get(ref, call) }
    } catch (thrown) {
      call?.signal?.throwIfAborted()
      return { ok: false, error: toSecretsError(thrown) }
    }
  }
  return { maxRefs, get: (refs, call) => Promise.all(refs.map((ref) => outcomeOf(ref, call))) }
}
