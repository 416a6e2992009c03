import { type CallOptions, passedOn, type SecretProvider, type SecretRef, type SecretVersion } from '@keyplane/core'
import { Batch } from './batch.ts'

/**
 * Reads that are asked for in the same turn of the event loop go to the source as one, where it can read many: the cold
 * start of a program, or a thousand keys that expire together. One read alone goes as it came.
 */
export const withBatching = (provider: SecretProvider): SecretProvider => {
  const { many } = provider
  if (!many || !Number.isInteger(many.maxRefs) || many.maxRefs < 1) return provider
  let next: Batch | undefined
  const get = async (ref: SecretRef, call: CallOptions = {}): Promise<SecretVersion> => {
    call.signal?.throwIfAborted()
    if (!isPlain(ref, call)) return provider.get(ref, call)
    if (!next) {
      const batch = new Batch(many, provider.name)
      next = batch
      setImmediate(() => {
        if (next === batch) next = undefined
        batch.send((alone, its) => provider.get(alone, its))
      })
    }
    return next.add(ref, call)
  }
  return { ...passedOn(provider), get }
}

/** Current values only, as any age: sources read nothing else together. */
const isPlain = ({ version, stage, as }: SecretRef, { freshness, deadlineAtMs }: CallOptions): boolean =>
  version === undefined &&
  (stage === undefined || stage === 'current') &&
  as === undefined &&
  freshness === undefined &&
  deadlineAtMs === undefined
