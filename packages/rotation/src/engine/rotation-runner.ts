import type { Clock, SecretsError } from '@keyplane/core'
import type { RotationJournal } from '../ports/journal.ts'
import type { RotationEngine } from './contract.ts'
import { DueWork } from './due-work.ts'

export interface RotationRunnerParts {
  readonly engine: RotationEngine
  readonly journal: RotationJournal
  readonly clock: Clock
  /** How often it looks for what is due. Default 5,000. */
  readonly everyMs?: number
  /** Rotations at once. Default 4. */
  readonly atOnce?: number
  /** Told what the journal failed with; it looks again at its time. Default: nobody. */
  readonly onError?: (error: SecretsError) => void
}

export interface RotationRunner {
  /** Looks at once: something was begun. */
  wake(): void
  /** Begins no further step; resolves when those under way have ended or were given up, within five seconds. */
  stop(): Promise<void>
}

const mostAtATime = 100

/**
 * Carries on whatever rotation is due, those that another process left behind too, until it is stopped. Any number of
 * processes may run one over the same journal. It begins no rotation.
 */
export const startRotationRunner = (parts: RotationRunnerParts): RotationRunner => {
  const { engine, journal, clock, everyMs = 5_000, atOnce, onError = () => undefined } = parts
  const work = new DueWork<string>({
    clock,
    find: () => journal.due(clock.nowMs(), mostAtATime),
    idOf: (secretId) => secretId,
    act: async (secretId, ending) => {
      await engine.advance(secretId, ending)
      return everyMs
    },
    everyMs,
    ...(atOnce !== undefined && { atOnce }),
    onError,
  })
  work.wake()
  return work
}
