import {
  type CallOptions,
  type Clock,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  type SecretVersion,
  toSecretsError,
} from '@keyplane/core'
import { onFailure } from '@keyplane/secrets'
import type { SaidRecord } from './record.ts'
import type { SharedRecords, Slot } from './shared-records.ts'

export interface SharedCacheOptions {
  readonly records: SharedRecords
  /** Age at which a value expires. All in milliseconds. */
  readonly ttlMs: number
  /** After that: how long it may cover a failure of the source that passes. */
  readonly maxStaleMs: number
  /** How long an absence is repeated without asking. */
  readonly negativeTtlMs: number
  readonly clock: Clock
}

export interface SharedCacheProvider extends SecretProvider {
  /** The reference changed at its source: no process is to go on with what it has. */
  forget(ref: SecretRef): Promise<void>
  /** Whether it is this process's turn to look at a reference, for so long. @throws where that can't be said. */
  claim(ref: SecretRef, forMs: number): Promise<boolean>
}

/**
 * From this part of the TTL on a cache that asks is told what the source says: it asks because what it has is about to
 * expire, and what is kept here is no younger.
 */
const expiringRatio = 0.9

/**
 * A source whose answers several processes share. It is never an answer's last word: a record that is missing, or that
 * can't be had, is asked of the source. What is leased is one process's own, and what is read in a role one caller's.
 */
export const withSharedCache = (source: SecretProvider, options: SharedCacheOptions): SharedCacheProvider => {
  const { records, clock } = options
  let closed = false
  const slotFor = (ref: SecretRef): Slot | undefined =>
    ref.as === undefined && !source.leases?.isLeased(ref) ? records.slotOf(ref) : undefined
  const forget = async (ref: SecretRef): Promise<void> => {
    const slot = slotFor(ref)
    if (slot) await records.forget(slot)
  }
  const get = async (ref: SecretRef, call: CallOptions = {}): Promise<SecretVersion> => {
    call.signal?.throwIfAborted()
    if (closed) throw new SecretsError('closed', `The source ${source.name} is closed.`, { source: source.name })
    const slot = slotFor(ref)
    if (!slot) return source.get(ref, call)
    const kept = wantsOrigin(call) ? undefined : await records.find(slot)
    call.signal?.throwIfAborted()
    const ageMs = kept && clock.nowMs() - kept.saidAtMs
    if (kept && ageMs !== undefined && isFresh(kept, ageMs, options)) return given(kept)
    const askedAtMs = clock.nowMs()
    try {
      const version = await source.get(ref, call)
      // No reader waits for it to be kept.
      if (!version.lease && !version.failure) void records.keepVersion(slot, version, askedAtMs)
      return version
    } catch (thrown) {
      const error = toSecretsError(thrown)
      const effect = onFailure(error)
      if (effect === 'evict') void records.keepAbsence(slot, error, askedAtMs)
      // A login that is refused is this process's own trouble, and says nothing of what others may be given.
      if (effect === 'suspend' && error.code === 'access_denied') void records.takeBack(slot)
      const covers = kept && 'version' in kept && ageMs !== undefined && ageMs < options.ttlMs + options.maxStaleMs
      if (covers && effect === 'serve_stale') return Object.freeze({ ...kept.version, failure: error })
      throw thrown
    }
  }
  const { list, watch, leases } = source
  const write = source.write && forgettingWriter(source.write, forget)
  return {
    name: source.name,
    get,
    forget,
    claim: async (ref, forMs) => {
      const slot = slotFor(ref)
      return !slot || records.claim(slot, forMs)
    },
    ...(source.state && { state: source.state }),
    ...(list && { list }),
    ...(watch && { watch }),
    ...(write && { write }),
    ...(leases && { leases }),
    refresh: () => source.refresh?.(),
    close: async () => {
      closed = true
      records.close()
      await source.close?.()
    },
  }
}

const wantsOrigin = ({ freshness }: CallOptions): boolean =>
  freshness?.maxAgeMs === 0 || freshness?.exceptVersion !== undefined

const isFresh = (kept: SaidRecord, ageMs: number, { ttlMs, negativeTtlMs }: SharedCacheOptions): boolean =>
  ageMs < ('version' in kept ? ttlMs * expiringRatio : negativeTtlMs)

const given = (kept: SaidRecord): SecretVersion => {
  if ('version' in kept) return kept.version
  throw kept.absence
}

/** What was written is forgotten before and after: a read that was answered in between knows the old value. */
const forgettingWriter = (
  write: NonNullable<SecretProvider['write']>,
  forget: (ref: SecretRef) => Promise<void>,
): NonNullable<SecretProvider['write']> => {
  const around = async <T>(id: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act()
    } finally {
      await forget({ id })
    }
  }
  const { moveStage } = write
  return {
    put: (ref, value, options, call) => around(ref.id, () => write.put(ref, value, options, call)),
    remove: (id, options, call) => around(id, () => write.remove(id, options, call)),
    ...(moveStage && {
      moveStage: (id, stage, move, call) => around(id, () => moveStage.call(write, id, stage, move, call)),
    }),
  }
}
