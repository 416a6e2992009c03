import {
  type CallOptions,
  type Clock,
  type Reading,
  type SecretRef,
  SecretsError,
  type SecretVersion,
  toSecretsError,
} from '@keyplane/core'
import { type ReadTrail, unaudited } from '../audit/read-trail.ts'
import type { Scope } from '../guards/scope.ts'
import type { AgentResponse } from '../http/messages.ts'
import type { PersistedAnswers } from '../persist/persisted-answers.ts'
import type { Meters, ReadOutcome } from '../metrics/meters.ts'

/** A read, as it may be told: never its value. */
export interface ReadEvent {
  readonly secretId: string
  readonly outcome: ReadOutcome
  readonly status: number
  readonly durationMs: number
  /** Whose token was shown, as the configuration names it; absent for the agent's own. */
  readonly client?: string
}

export interface SecretReadsParts {
  readonly secrets: {
    peek(ref: SecretRef): Reading | undefined
    read(ref: SecretRef, call: CallOptions & { readonly required: true }): Promise<Reading>
    /** Told of each version that a caller is given as the current one. */
    used(version: SecretVersion): void
  }
  readonly clock: Clock
  readonly log: { debug(facts: object, message: string): void }
  readonly meters: Meters
  readonly onRead?: (event: ReadEvent) => void
  /** What was answered before a restart, where the configuration wants it kept. */
  readonly persisted?: PersistedAnswers
  /** Every read is noted here, where the configuration wants it. */
  readonly trail?: ReadTrail
}

/** One read that a request asks for. */
export interface AskedSecret {
  readonly ref: SecretRef
  readonly refreshNow?: boolean
  /** Who asks, by name. */
  readonly client?: string | undefined
  /** What it may read. Absent: everything. */
  readonly scope?: Scope | undefined
  readonly sinceMs: number
}

export type Found =
  | { readonly version: SecretVersion; readonly outcome: Exclude<ReadOutcome, 'failed'> }
  | { readonly error: SecretsError; readonly outcome: 'failed' }

/** The reason of the refusal of what is not the caller's to read. */
export const outOfScope = 'out_of_scope'

/** An absence is thrown too: its words are the source's, which clients look for. */
const required = Object.freeze({ required: true } as const)

/** `refreshNow`: from the origin, and what is kept covers no failure. */
const fromOrigin = Object.freeze({ ...required, freshness: Object.freeze({ maxAgeMs: 0, maxStaleMs: 0 }) })

/** The agent's reads, whoever's dialect they are asked in: scope, cache, source, and what is told of them. */
export class SecretReads {
  readonly #parts: SecretReadsParts

  constructor(parts: SecretReadsParts) {
    this.#parts = parts
  }

  /** At once where it is cached and fresh. It never rejects. What the audit log can't note is not given. */
  find(asked: AskedSecret): Found | Promise<Found> {
    const found = this.#find(asked)
    const given = (ended: Found): Found => this.#given(asked, this.#noted(asked, ended))
    return found instanceof Promise ? found.then(given) : given(found)
  }

  #noted({ ref, client }: AskedSecret, ended: Found): Found {
    const isNoted = this.#parts.trail?.note({ ref, client, ...ended }) ?? true
    return isNoted ? ended : { error: unaudited(), outcome: 'failed' }
  }

  /** Who asks for a version by its id or its stage looks around: that says nothing of what is in use. */
  #given({ ref: { version, stage } }: AskedSecret, ended: Found): Found {
    const isCurrent = version === undefined && (stage === undefined || stage === 'current')
    if (isCurrent && 'version' in ended) this.#parts.secrets.used(ended.version)
    return ended
  }

  #find(asked: AskedSecret): Found | Promise<Found> {
    if (asked.scope && !asked.scope.mayAsk(asked.ref)) return refused(asked)
    const cached = asked.refreshNow ? undefined : this.#parts.secrets.peek(asked.ref)
    return cached ? found(asked, cached.version, 'hit') : this.#ask(asked)
  }

  /** Notes how a read ended; gives the answer on. */
  tell({ ref, client, sinceMs }: AskedSecret, outcome: ReadOutcome, response: AgentResponse): AgentResponse {
    const { clock, log, meters, onRead } = this.#parts
    const durationMs = clock.monotonicMs() - sinceMs
    const event = {
      secretId: ref.id,
      outcome,
      status: response.status,
      durationMs,
      ...(client !== undefined && { client }),
    }
    log.debug(event, 'Read.')
    meters.read(outcome)
    onRead?.(event)
    return response
  }

  async #ask(asked: AskedSecret): Promise<Found> {
    const { secrets, clock, log } = this.#parts
    try {
      const reading = await secrets.read(asked.ref, asked.refreshNow ? fromOrigin : required)
      const isStale = reading.failure !== undefined && clock.monotonicMs() >= reading.freshUntilMs
      return found(asked, reading.version, isStale ? 'stale' : 'fetched')
    } catch (thrown) {
      const error = toSecretsError(thrown)
      log.debug({ secretId: asked.ref.id, code: error.code }, 'The source gave no value.')
      const kept = asked.refreshNow ? undefined : this.#parts.persisted?.cover(asked.ref, error)
      return kept ? found(asked, kept, 'stale') : { error, outcome: 'failed' }
    }
  }
}

const found = (asked: AskedSecret, version: SecretVersion, outcome: Exclude<ReadOutcome, 'failed'>): Found =>
  asked.scope && !asked.scope.mayHave(version) ? refused(asked) : { version, outcome }

const refused = ({ ref, client }: AskedSecret): Found => {
  const message = `The client ${JSON.stringify(client ?? '')} may not read ${JSON.stringify(ref.id)}.`
  return { error: new SecretsError('access_denied', message, { reason: outOfScope }), outcome: 'failed' }
}
