/** How a rotation meets failures. */
export interface RotationPolicy {
  /** The bound of the wait before the first repetition; it doubles. Default 1,000. */
  readonly retryBaseMs: number
  /** The bound that no wait passes while the breaker is closed. Default 60,000. */
  readonly retryMaxMs: number
  /** Failures of one step in a row that open the breaker and raise the alert. Default 5. */
  readonly breakerFailures: number
  /** How far apart tries are while the breaker is open, a tenth more or less. Default 300,000. */
  readonly breakerOpenMs: number
  /**
   * How long a step may go on failing, before the new credential is current, until the rotation is taken back; and how
   * long the old one may resist being retired until the rotation ends without. Default a day.
   */
  readonly giveUpAfterMs: number
  /** Pending versions that are tried in one rotation, the first included. Default 3. */
  readonly pendingVersions: number
  /**
   * How long the old credential is left at the target after the new one was verified; less, where every consumer has
   * acknowledged the new one. Default 0.
   */
  readonly graceMs: number
  /** Between two looks at what consumers have reported. Default 5,000. */
  readonly lookEveryMs: number
}

export const defaultPolicy: RotationPolicy = Object.freeze({
  retryBaseMs: 1_000,
  retryMaxMs: 60_000,
  breakerFailures: 5,
  breakerOpenMs: 300_000,
  giveUpAfterMs: 86_400_000,
  pendingVersions: 3,
  graceMs: 0,
  lookEveryMs: 5_000,
})

/** How long to wait after so many failures in a row: exponential with full jitter, then the breaker's steady pace. */
export const waitMs = (failures: number, chance: number, policy: RotationPolicy): number =>
  failures >= policy.breakerFailures
    ? policy.breakerOpenMs * (0.9 + chance * 0.2)
    : chance * Math.min(policy.retryMaxMs, policy.retryBaseMs * 2 ** (failures - 1))
