import { existsSync } from 'node:fs'
import { type Clock, type SecretProvider, SecretsError, toSecretsError } from '@keyplane/core'
import { withinLimits } from '@keyplane/http'
import { isAbsence, onFailure } from '@keyplane/secrets'

/** How a source stands, by a probe. */
export interface Standing {
  /** It would answer a read. */
  readonly isWell: boolean
  /** `answers`, `active`, `standby`; else why it would not: `sealed`, `hung`, `unavailable`, … */
  readonly state: string
  /** It is there, and refuses the service. */
  readonly refuses?: boolean
}

/** Looks how a source stands, within two seconds or until the signal; never rejects. */
export type Probe = (signal?: AbortSignal) => Promise<Standing>

const probeMs = 2_000

/** The same of a dotenv file, which reads as empty where it is not there. */
export const fileProbe =
  (file: string, probe: Probe): Probe =>
  async (signal) =>
    existsSync(file) ? probe(signal) : { isWell: false, state: 'no_file' }

/** By a read of one secret past every cache; its value goes nowhere. That there is no such secret is an answer, too. */
export const readProbe =
  (source: SecretProvider, id: string, clock: Clock): Probe =>
  async (signal) => {
    const late = (): SecretsError => new SecretsError('timeout', 'It does not answer.', { reason: 'hung' })
    const read = (ended: AbortSignal): Promise<unknown> =>
      source.get({ id }, { signal: ended, deadlineAtMs: clock.monotonicMs() + probeMs })
    try {
      await withinLimits({ clock, timeoutMs: probeMs, signals: [signal], late }, read)
      return { isWell: true, state: 'answers' }
    } catch (thrown) {
      const error = toSecretsError(thrown)
      const state = error.reason ?? error.code
      if (isAbsence(error)) return { isWell: true, state: 'answers' }
      return { isWell: false, state, refuses: onFailure(error) === 'suspend' }
    }
  }
