import type { Outcome } from '../errors.ts'
import type { SecretRef, Stage } from '../secret-ref.ts'
import type { SecretValue } from '../secret-value.ts'
import type { Lease, SecretState, SecretVersion } from '../secret-version.ts'

/** How fresh an answer has to be. */
export interface Freshness {
  /** 0: ask the origin, and join no flight begun earlier (the agent's `refreshNow`). */
  readonly maxAgeMs?: number
  /** 0: never a stale value, however the source fails. */
  readonly maxStaleMs?: number
  readonly minLeaseLeftMs?: number
  /** A version that the caller saw refused (`withSecret`). */
  readonly exceptVersion?: string
}

export interface CallOptions {
  /** Aborts this caller's wait. The call rejects with `signal.reason`. */
  readonly signal?: AbortSignal
  /** On the clock's monotonic scale. */
  readonly deadlineAtMs?: number
  readonly freshness?: Freshness
}

export type Change =
  | { readonly kind: 'changed' | 'deleted' | 'withdrawn'; readonly id: string; readonly version?: string }
  /** The stream had a gap: confirm everything, jittered. */
  | { readonly kind: 'resync' }

/** Reads many secrets in one call; one outcome a ref, in their order. */
export interface ManyReader {
  readonly maxRefs: number
  get(refs: readonly SecretRef[], call?: CallOptions): Promise<readonly Outcome<SecretVersion>[]>
  /** Whether it saves calls at present: a source may be refused its batches, and reads one by one. Default: it does. */
  savesCalls?(): boolean
}

/** Tells how secrets stand without reading their values; one outcome a ref, in their order. */
export interface StateReader {
  readonly maxRefs: number
  describe(refs: readonly SecretRef[], call?: CallOptions): Promise<readonly Outcome<SecretState>[]>
}

export interface SecretLister {
  /** A local source's list may be an `Iterable` too: then it is gone through without waiting. */
  list(query: { readonly prefix?: string }, call?: CallOptions): AsyncIterable<SecretState & { readonly name: string }>
}

export interface SecretWatcher {
  watch(ids: readonly string[] | 'all', signal: AbortSignal): AsyncIterable<Change>
}

/** Of a source that makes another credential at each read of some of its secrets. */
export interface LeaseKeeper {
  /** Whether a read of this secret makes a credential with a lease. */
  isLeased(ref: SecretRef): boolean
  /** Throws `secret_not_found` where there is no such lease any more. One that is at its longest life is prolonged by less. */
  renew(lease: Lease, call?: CallOptions): Promise<Lease>
  /** Ends it, and what it is for. One that has ended already is no failure. */
  revoke(lease: Lease, call?: CallOptions): Promise<void>
  /**
   * How long the login lives by which the lease was made, and with which it ends, in milliseconds from this moment.
   * Default: for ever.
   */
  loginLeftMs?(lease: Lease): number
}

export interface PutOptions {
  /** The same key with the same value again is one write; with another value it is a `conflict`. */
  readonly idempotencyKey: string
  /** Write only if this is the current version; `null`: only if there is no such secret yet. */
  readonly ifVersion?: string | null
  /** Default: current. */
  readonly stages?: readonly Stage[]
}

export interface SecretWriter {
  put(ref: SecretRef, value: SecretValue, options: PutOptions, call?: CallOptions): Promise<SecretVersion>
  remove(id: string, options: { readonly recoverableForMs: number }, call?: CallOptions): Promise<void>
  readonly moveStage?: (
    id: string,
    stage: Stage,
    move: { readonly from?: string; readonly to?: string },
    call?: CallOptions,
  ) => Promise<void>
}

/**
 * One source of secrets, without a cache. `get` is the whole duty; the rest are abilities that a source has or has not.
 *
 * `get` throws `secret_not_found` or `version_not_found` only where the source said so: a refusal is `access_denied`,
 * a silence `unavailable` or `timeout`, nonsense `bad_response`.
 */
export interface SecretProvider {
  readonly name: string
  /** Answers from this machine in microseconds (environment, files): not worth keeping, nor guarding against hangs. */
  readonly local?: true
  get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion>
  /**
   * What `get` gives, at once; nothing where it would say `secret_not_found`. Only a local source can have it.
   * Throws what `get` rejects with for any other reason.
   */
  getSync?(ref: SecretRef): SecretVersion | undefined
  readonly many?: ManyReader
  readonly state?: StateReader
  readonly list?: SecretLister
  readonly watch?: SecretWatcher
  readonly write?: SecretWriter
  readonly leases?: LeaseKeeper
  /** Clears what the provider itself keeps (a token, a parsed file), if anything. */
  refresh?(): Promise<void> | void
  /** After it, every call fails with `closed`, and nothing keeps the process alive. */
  close?(): Promise<void>
}
