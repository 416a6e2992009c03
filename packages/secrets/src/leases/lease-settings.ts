import type { Duration } from '@keyplane/core'

/** How credentials with a lease are shared. */
export interface LeaseSettings {
  /** Credentials of one secret that may live at the same time, from 1 on; beyond it reads are `rate_limited`. Default 10. */
  readonly budget?: number
  /**
   * How long a credential goes on living after the next one is given in its place; a quarter of its life at most. Default 60 s.
   */
  readonly overlap?: Duration
  /** None is given that lives less than that; a tenth of its life at most. Default 10 s. */
  readonly minLeft?: Duration
}

/** The same in milliseconds. */
export interface LeaseBounds {
  readonly budget: number
  readonly overlapMs: number
  readonly minLeftMs: number
}
