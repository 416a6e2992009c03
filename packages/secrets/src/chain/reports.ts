import type { ErrorCode, SecretsError } from '@keyplane/core'
import { type FailureKind, failureKind } from './failure-kind.ts'

/** Where the library says what it skipped and why. Facts hold names and codes, never a value. */
export interface SecretsLog {
  warn(message: string, facts: Readonly<Record<string, string>>): void
  error(message: string, facts: Readonly<Record<string, string>>): void
}

/** Whether the source said that there is no such thing; everything else is a failure of some kind. */
export const isAbsence = ({ code }: SecretsError): boolean => failureKind[code] === 'absent'

const aboutKey: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['access_denied', 'integrity', 'invalid_request'])

/** Failures that say that the source is there, and something about this secret: told of each. */
const isAboutKey = (error: SecretsError): boolean => isAbsence(error) || aboutKey.has(error.code)

/** Keys come from callers, so what was told of them is remembered within a bound; beyond it they are not told one by one. */
const maxRemembered = 1_000

/** Says once, at the right level, what went wrong: a warning for an absence, an error for a failure. */
export class Reports {
  readonly #log: SecretsLog
  readonly #toldOfKeys = new Set<string>()
  /** The failure that each source is in: one outage is one line, however many keys it touches. */
  readonly #failing = new Map<string, FailureKind>()

  constructor(log: SecretsLog) {
    this.#log = tolerant(log)
  }

  passedOver(source: string, key: string, error: SecretsError): void {
    const facts = factsOf(source, key, error)
    if (isAboutKey(error)) this.answered(source)
    if (error.reason === 'sdk_missing') this.#tellOfSource(source, error, facts)
    else if (isAbsence(error)) this.#tellOfKey(source, key, `No secret ${JSON.stringify(key)} in ${source}.`, facts)
    else if (isAboutKey(error))
      this.#tellOfKey(source, key, `${source} could not give ${JSON.stringify(key)}: ${error.message}`, facts, 'error')
    else if (this.#isNews(source, error))
      this.#log.error(`${source} could not give ${JSON.stringify(key)}: ${error.message}`, facts)
  }

  /** The last value covered a failure of its source. */
  covered(source: string, key: string, error: SecretsError): void {
    if (this.#isNews(source, error))
      this.#log.error(
        `${source} did not answer for ${JSON.stringify(key)}, whose last value is given: ${error.message}`,
        factsOf(source, key, error),
      )
  }

  /** The source answered: a later failure is news. */
  answered(source: string): void {
    this.#failing.delete(source)
  }

  unusable(message: string, key: string, source: string): void {
    this.#tellOfKey(source, key, message, { source, key })
  }

  /** A source that was never installed is no failure of it: it is left out, and said once how to have it. */
  #tellOfSource(source: string, error: SecretsError, facts: Readonly<Record<string, string>>): void {
    if (this.#isNews(source, error)) this.#log.warn(`${source} is left out: ${error.message}`, facts)
  }

  #isNews(source: string, { code }: SecretsError): boolean {
    const kind = failureKind[code]
    if (this.#failing.get(source) === kind) return false
    this.#failing.set(source, kind)
    return true
  }

  #tellOfKey(
    source: string,
    key: string,
    message: string,
    facts: Readonly<Record<string, string>>,
    level: 'warn' | 'error' = 'warn',
  ): void {
    const about = `${source}\u0000${key}\u0000${message}`
    if (this.#toldOfKeys.size > maxRemembered || this.#toldOfKeys.has(about)) return
    this.#toldOfKeys.add(about)
    this.#log[level](message, facts)
    if (this.#toldOfKeys.size > maxRemembered) this.#log.warn('Further secrets like this are not told one by one.', {})
  }
}

/** A log that fails must not fail the read that it was told of. */
const tolerant = (log: SecretsLog): SecretsLog => {
  const told = (level: 'warn' | 'error'): SecretsLog['warn'] => {
    return (message, facts) => {
      try {
        log[level](message, facts)
      } catch {
        // There is nobody else to tell.
      }
    }
  }
  return { warn: told('warn'), error: told('error') }
}

const factsOf = (source: string, key: string, { code, reason }: SecretsError): Readonly<Record<string, string>> => ({
  source,
  key,
  code,
  kind: failureKind[code],
  ...(reason !== undefined && { reason }),
})
