/** A wait that can be called off. */
export interface Timer {
  cancel(): void
}

/** Time, passed in, so that every schedule, TTL and retry is tested without sleeping. */
export interface Clock {
  /** Epoch milliseconds: for what is shown, stored or compared with another machine's moments. */
  nowMs(): number
  /** Milliseconds from some start, which never jump back: for ages and deadlines. */
  monotonicMs(): number
  /**
   * The same, up to 5 ms old, and longer while the program computes without a pause: for what is asked a million times
   * a second.
   */
  recentMs(): number
  /**
   * Runs `act` once, after `delayMs`. A waiting timer keeps the process alive only where it is told to: where somebody
   * waits for what comes after it.
   */
  after(delayMs: number, act: () => void, options?: { readonly keepsAlive?: boolean }): Timer
}
