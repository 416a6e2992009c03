import {
  type AuditRecord,
  type Clock,
  SecretsError,
  type SecretRef,
  type SecretVersion,
  type Timer,
} from '@keyplane/core'
import type { ReadOutcome } from '../metrics/meters.ts'

/** Where records are kept, a batch at a time. */
export interface AuditBatches {
  /** Keeps the batch as a whole or not at all. Throws where it can't. */
  write(records: readonly AuditRecord[]): void
  close(): void
}

export interface ReadTrailParts {
  readonly batches: AuditBatches
  readonly clock: Clock
  /** Told when records can't be kept, and when they can again. */
  readonly log: { error(facts: object, message: string): void; info(facts: object, message: string): void }
  /** Records are written this often. Default: every second. */
  readonly everyMs?: number
}

/** A read as it ended. */
export interface EndedRead {
  readonly ref: SecretRef
  /** Whose token was shown; absent for the agent's own. */
  readonly client?: string | undefined
  readonly outcome: ReadOutcome
  readonly version?: SecretVersion
  readonly error?: SecretsError
}

interface Hits {
  readonly atMs: number
  readonly client: string | undefined
  readonly role: string | undefined
  readonly version: SecretVersion
  count: number
}

/** So many reads that are no hits wait at most; more of them in one second are refused. */
const maxWaiting = 50_000
const action = 'agent:ReadSecret'

/**
 * Who read what, for the audit log: every read, cached ones too. Reads of one cached version by one caller, by one
 * role or by none, are one record a batch, with their number, so that a cached read pays for one addition. What can't be written is kept, and no further
 * read is allowed until it is written.
 */
export class ReadTrail {
  readonly #parts: ReadTrailParts
  #waiting: AuditRecord[] = []
  /** Of the agent's own token and no role, as most are; then of each client and role. */
  #hits = new Map<SecretVersion, Hits>()
  #otherHits = new Map<string, Map<SecretVersion, Hits>>()
  #isFailing = false
  #number = 0
  #timer: Timer | undefined

  constructor(parts: ReadTrailParts) {
    this.#parts = parts
  }

  /** Notes a cached read; false where it can't be noted, and so must not be answered. */
  hit(version: SecretVersion, client: string | undefined, role?: string): boolean {
    if (this.#isFailing) return false
    const hits = client === undefined && role === undefined ? this.#hits : this.#hitsOf(client, role)
    const known = hits.get(version)
    if (known) {
      known.count += 1
      return true
    }
    hits.set(version, { atMs: this.#parts.clock.nowMs(), client, role, version, count: 1 })
    this.#wake()
    return true
  }

  /** Notes any other read; false where it can't be noted. */
  note(read: EndedRead): boolean {
    if (read.outcome === 'hit' && read.version) return this.hit(read.version, read.client, read.ref.as)
    if (this.#isFailing || this.#waiting.length >= maxWaiting) return false
    this.#waiting.push(this.#recordOf(read))
    this.#wake()
    return true
  }

  /** Writes what waits, and ends. */
  close(): void {
    this.#timer?.cancel()
    this.#flush()
    this.#parts.batches.close()
  }

  #hitsOf(client = '', role = ''): Map<SecretVersion, Hits> {
    const whose = `${client}\0${role}`
    const known = this.#otherHits.get(whose)
    if (known) return known
    const hits = new Map<SecretVersion, Hits>()
    this.#otherHits.set(whose, hits)
    return hits
  }

  #wake(): void {
    this.#timer ??= this.#parts.clock.after(this.#parts.everyMs ?? 1_000, () => {
      this.#timer = undefined
      this.#flush()
      if (this.#isFailing) this.#wake()
    })
  }

  #flush(): void {
    const { batches, clock, log } = this.#parts
    for (const hits of [this.#hits, ...this.#otherHits.values()])
      for (const some of hits.values()) this.#waiting.push(this.#recordOfHits(some, clock.nowMs()))
    this.#hits = new Map()
    this.#otherHits = new Map()
    if (this.#waiting.length === 0) return
    try {
      batches.write(this.#waiting)
      this.#waiting = []
      if (this.#isFailing) log.info({}, 'The audit log can be written again; reads are allowed.')
      this.#isFailing = false
    } catch (thrown) {
      const { code = 'unknown' } = thrown as NodeJS.ErrnoException
      if (!this.#isFailing) log.error({ code }, 'The audit log can not be written; no read is allowed until it can.')
      this.#isFailing = true
    }
  }

  #recordOf({ ref, client, outcome, version, error }: EndedRead): AuditRecord {
    const detail = {
      ...factsOf(version),
      outcome,
      ...(ref.as !== undefined && { role: ref.as }),
      ...(error && { error: error.code }),
    }
    const decision = error ? (error.code === 'access_denied' ? 'deny' : 'error') : 'allow'
    return this.#record({ atMs: this.#parts.clock.nowMs(), client, resource: version?.id ?? ref.id, decision, detail })
  }

  #recordOfHits({ atMs, client, role, version, count }: Hits, untilMs: number): AuditRecord {
    const detail = {
      ...factsOf(version),
      outcome: 'hit',
      ...(role !== undefined && { role }),
      count: String(count),
      untilMs: String(untilMs),
    }
    return this.#record({ atMs, client, resource: version.id, decision: 'allow', detail })
  }

  #record({
    client,
    ...rest
  }: Pick<AuditRecord, 'atMs' | 'resource' | 'decision'> & {
    readonly client: string | undefined
    readonly detail: Readonly<Record<string, string>>
  }): AuditRecord {
    this.#number += 1
    const actor = client === undefined ? 'token' : `client:${client}`
    return { ...rest, actor, action, requestId: String(this.#number) }
  }
}

const factsOf = (version: SecretVersion | undefined): Readonly<Record<string, string>> =>
  version?.version === undefined ? {} : { version: version.version }

/** For a read that can't be noted: it must not be answered. */
export const unaudited = (): SecretsError =>
  new SecretsError('internal', 'The read could not be noted in the audit log.', { reason: 'audit' })
