import type { AuditRecord } from '@keyplane/core'
import type { Statement, WriteOutcome, Writer } from '@keyplane/database'

/** The actor of a call that nobody has signed. */
export const anonymous = 'anonymous'

export interface CallStart {
  readonly requestId: string
  readonly atMs: number
  readonly writer: Writer
}

/** What a call did besides, to another secret than the one that it names. */
export interface CallPart {
  readonly action: string
  readonly resource: string
  readonly decision: AuditRecord['decision']
  readonly detail: Readonly<Record<string, string>>
}

/**
 * One call on its way through the store: what is known of it, and its audit record, which is written once: with the
 * call's change in one transaction, or by itself.
 */
export class Call {
  readonly requestId: string
  readonly atMs: number
  actor: string = anonymous
  action = 'unknown'
  resource = ''
  readonly #writer: Writer
  readonly #detail: Record<string, string> = {}
  readonly #parts: CallPart[] = []
  #decision: AuditRecord['decision'] | undefined

  constructor({ requestId, atMs, writer }: CallStart) {
    this.requestId = requestId
    this.atMs = atMs
    this.#writer = writer
  }

  /** How it was decided; absent until that is written. */
  get decision(): AuditRecord['decision'] | undefined {
    return this.#decision
  }

  /** Adds small facts to the record. Never a value. */
  note(detail: Readonly<Record<string, string>>): void {
    Object.assign(this.#detail, detail)
  }

  /**
   * Adds a record of its own for a part of the call; it is written together with the call's. Where the call fails, nothing
   * of it was given: a part that was allowed is recorded as failed too.
   */
  noteParts(parts: readonly CallPart[]): void {
    this.#parts.push(...parts)
  }

  /** Writes a change together with the record that it was allowed. After a conflict neither is there. */
  async commit(statements: readonly Statement[]): Promise<WriteOutcome> {
    const outcome = await this.#writer.write({ statements, audit: this.#records('allow') })
    if (outcome === 'committed') this.#decision = 'allow'
    return outcome
  }

  /** Writes the record, unless a change has brought it along already. */
  async record(decision: AuditRecord['decision']): Promise<void> {
    if (this.#decision) return
    await this.#writer.write({ statements: [], audit: this.#records(decision) })
    this.#decision = decision
  }

  /** Says how the call was decided, where its record is kept in common with others. */
  recordedInCommon(decision: AuditRecord['decision']): void {
    this.#decision = decision
  }

  #records(decision: AuditRecord['decision']): readonly AuditRecord[] {
    const { atMs, actor, action, resource, requestId } = this
    const detail = { ...this.#detail }
    const own = {
      atMs,
      actor,
      action,
      resource,
      decision,
      requestId,
      ...(Object.keys(detail).length > 0 && { detail }),
    }
    const parts = this.#parts.map((part) => ({ atMs, actor, requestId, ...part }))
    return [own, ...(decision === 'allow' ? parts : notGiven(parts, detail['Error']))]
  }
}

/** The records of the parts of a call that failed: those that were allowed have its error. */
const notGiven = (parts: readonly AuditRecord[], error = ''): readonly AuditRecord[] =>
  parts.map((part) => {
    const { decision, detail } = part
    return decision === 'allow' ? { ...part, decision: 'error', detail: { ...detail, Error: error } } : part
  })
