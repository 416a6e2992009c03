/** A moment in epoch milliseconds as AWS's JSON writes it: epoch seconds, the milliseconds as a fraction. */
export const epochSeconds = (ms: number): number => ms / 1_000
