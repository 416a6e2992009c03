import type { ErrorCode, SecretsError } from '@keyplane/core'
import { failureKind } from './failure-kind.ts'

/** Where the library says what it skipped and why. Facts hold names and codes, never a value. */
export interface SecretsLog {
  warn(message: string, facts: Readonly<Record<string, string>>): void
  error(message: string, facts: Readonly<Record<string, string>>): void
}

/** Whether the source said that there is no such thing; everything else is a failure of some kind. */
export const isAbsence = ({ code }: SecretsError): boolean => failureKind[code] === 'absent'

/** Told once, then at most once more for each thing that changed; bounded, since keys come from callers. */
const maxRemembered = 1_000

/** Says once, at the right level, why a source was passed over: a warning for an absence, an error for a failure. */
export class Reports {
  readonly #log: SecretsLog
  readonly #told = new Map<string, ErrorCode>()

  constructor(log: SecretsLog) {
    this.#log = log
  }

  passedOver(source: string, key: string, error: SecretsError): void {
    const about = `${source}\u0000${key}`
    if (this.#told.get(about) === error.code) return
    if (this.#told.size >= maxRemembered) this.#told.clear()
    this.#told.set(about, error.code)
    const facts = {
      source,
      key,
      code: error.code,
      kind: failureKind[error.code],
      ...(error.reason && { reason: error.reason }),
    }
    if (isAbsence(error)) this.#log.warn(`No secret ${JSON.stringify(key)} in ${source}.`, facts)
    else this.#log.error(`${source} could not give ${JSON.stringify(key)}: ${error.message}`, facts)
  }

  /** The source answered: a later failure is news. */
  answered(source: string, key: string): void {
    if (this.#told.size > 0) this.#told.delete(`${source}\u0000${key}`)
  }

  unusable(message: string, key: string, source: string): void {
    this.#log.warn(message, { source, key })
  }
}
