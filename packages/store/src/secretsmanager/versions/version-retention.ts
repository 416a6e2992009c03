import { dayMs } from '../../day.ts'

/** AWS keeps about 100 versions, and removes none that is younger than a day. @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html */
const keptVersions = 100

/** Versions looked at in one write at most, so that no write gets long. */
export const pruneAtOnce = 50

/** Only versions made before this may be removed. */
export const prunableBeforeMs = (nowMs: number): number => nowMs - dayMs

/**
 * The versions to remove, of those that have no label.
 * `total` counts all of them; `oldest` are those that may go, the oldest first.
 */
export const versionsToPrune = (total: number, oldest: readonly string[]): readonly string[] =>
  oldest.slice(0, Math.max(0, total - keptVersions))
