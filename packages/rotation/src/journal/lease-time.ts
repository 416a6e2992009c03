/** No lease is longer: an hour. */
export const longestLeaseMs = 3_600_000

/** What is kept of a lease; without a holder it was given back. */
export interface KeptLease {
  readonly holder: string
  readonly expiresAtMs: number
}

/** Whether somebody else has it, so that this holder can't. */
export const isAnothers = (lease: KeptLease, holder: string, nowMs: number): boolean =>
  lease.holder !== '' && lease.holder !== holder && isHeldAt(lease.expiresAtMs, nowMs)

/** Whether a lease holds yet. One that ends later than any was taken by a clock that was ahead: it would hold for ever. */
export const isHeldAt = (expiresAtMs: number, nowMs: number): boolean =>
  expiresAtMs > nowMs && expiresAtMs <= nowMs + longestLeaseMs
