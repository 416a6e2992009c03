import type { DescribeSecretResponse } from '@keyplane/aws'
import { epochMs, minuteOf } from './moment.ts'

export interface NextRun {
  /** Absent where there is no schedule. */
  readonly nextAtMs?: number
  /** For people. */
  readonly words: string
}

/** When a secret that is rotated is rotated next. */
export const nextRun = ({ NextRotationDate }: DescribeSecretResponse, nowMs: number): NextRun => {
  if (NextRotationDate === undefined) return { words: 'when it is asked for: it has no schedule' }
  const nextAtMs = epochMs(NextRotationDate)
  return { nextAtMs, words: nextAtMs <= nowMs ? 'at once, or in its next window' : minuteOf(nextAtMs) }
}
