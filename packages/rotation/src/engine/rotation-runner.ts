import { type Clock, toSecretsError, type SecretsError, type Timer } from '@keyplane/core'
import type { RotationJournal } from '../ports/journal.ts'
import type { RotationEngine } from './contract.ts'

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
  /** Begins nothing more; resolves when the steps under way have ended. */
  stop(): Promise<void>
}

const mostAtATime = 100

/**
 * Carries on whatever rotation is due, those that another process left behind too, until it is stopped. Any number of
 * processes may run one over the same journal. It begins no rotation.
 */
export const startRotationRunner = (parts: RotationRunnerParts): RotationRunner => new Runner(parts)

class Runner implements RotationRunner {
  readonly #parts: RotationRunnerParts
  #timer: Timer | undefined
  #round: Promise<void> | undefined
  #isWoken = false
  #isStopped = false

  constructor(parts: RotationRunnerParts) {
    this.#parts = parts
    this.wake()
  }

  wake(): void {
    if (this.#isStopped) return
    this.#isWoken = true
    this.#timer?.cancel()
    this.#round ??= this.#rounds().finally(() => {
      this.#round = undefined
      if (this.#isStopped) return
      this.#timer = this.#parts.clock.after(this.#parts.everyMs ?? 5_000, () => this.wake(), { keepsAlive: true })
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#round
  }

  /** Again, where it was woken meanwhile: what was begun then may not have been seen. */
  async #rounds(): Promise<void> {
    while (this.#isWoken && !this.#isStopped) {
      this.#isWoken = false
      await this.#once()
    }
  }

  async #once(): Promise<void> {
    const { journal, clock, atOnce = 4 } = this.#parts
    try {
      const waiting = [...(await journal.due(clock.nowMs(), mostAtATime))]
      const work = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined && !this.#isStopped; next = waiting.shift())
          await this.#advance(next)
      }
      await Promise.all(Array.from({ length: atOnce }, work))
    } catch (error) {
      this.#parts.onError?.(toSecretsError(error))
    }
  }

  async #advance(secretId: string): Promise<void> {
    try {
      await this.#parts.engine.advance(secretId)
    } catch (error) {
      // One secret's damaged record must not hold up the others.
      this.#parts.onError?.(toSecretsError(error))
    }
  }
}
