import type { Clock, Reading, SecretsError } from '@keyplane/core'
import { type FailureKind, failureKind } from './failure-kind.ts'

/** Where a secret comes from and why not from elsewhere. Never its value. */
export interface Explanation {
  readonly key: string
  /** The source that answered; absent where none did. */
  readonly source?: string
  /** Each source in the order asked; those behind the one that answered were not asked. */
  readonly steps: readonly ExplanationStep[]
}

export interface ExplanationStep {
  readonly source: string
  readonly result: 'answered' | FailureKind | 'not asked'
  /** The error's code, reason and message, where it failed, or where the last value covers its failure. */
  readonly code?: string
  readonly reason?: string
  readonly message?: string
  readonly version?: string
  readonly stages?: readonly string[]
  /** Since the source last vouched for the value. */
  readonly ageMs?: number
  /** Until it expires; 0 for what is not kept. */
  readonly ttlLeftMs?: number
  readonly stale?: boolean
}

/** A source that answered, or whose last value covers its failure. */
export const answeredStep = (
  { source, version, confirmedAtMs, freshUntilMs, failure }: Reading,
  clock: Clock,
): ExplanationStep => {
  const nowMs = clock.monotonicMs()
  return {
    source,
    result: 'answered',
    ...(version.version !== undefined && { version: version.version }),
    ...(version.stages && { stages: version.stages }),
    ageMs: Math.round(Math.max(0, nowMs - confirmedAtMs)),
    ttlLeftMs: Math.round(Math.max(0, freshUntilMs - nowMs)),
    // What is not kept has no time to live, and is as fresh as the question.
    stale: nowMs > freshUntilMs && (freshUntilMs > confirmedAtMs || failure !== undefined),
    ...(failure && nowMs >= freshUntilMs && factsOf(failure)),
  }
}

export const failedStep = (source: string, error: SecretsError): ExplanationStep => ({
  source,
  result: failureKind[error.code],
  ...factsOf(error),
})

const factsOf = ({ code, reason, message }: SecretsError): Pick<ExplanationStep, 'code' | 'reason' | 'message'> => ({
  code,
  ...(reason !== undefined && { reason }),
  message,
})
