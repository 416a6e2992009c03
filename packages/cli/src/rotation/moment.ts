/** Epoch seconds, as AWS writes moments, as milliseconds. */
export const epochMs = (seconds: number): number => Math.round(seconds * 1_000)

/** A moment to the minute, in UTC: `2026-03-01T08:00Z`. */
export const minuteOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`
