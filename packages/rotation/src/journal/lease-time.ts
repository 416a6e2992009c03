/** No lease is longer: an hour. */
export const longestLeaseMs = 3_600_000

/** Whether a lease holds yet. One that ends later than any was taken by a clock that was ahead: it would hold for ever. */
export const isHeldAt = (expiresAtMs: number, nowMs: number): boolean =>
  expiresAtMs > nowMs && expiresAtMs <= nowMs + longestLeaseMs
