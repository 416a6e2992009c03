import { createHash } from 'node:crypto'
import { SecretsError } from '@keyplane/core'
import { type Blackout, type Blackouts, parseBlackouts } from './blackouts.ts'
import { parseExpression, type Recurrence } from './expression.ts'
import { type TimeZone, timeZone } from './time-zone.ts'

export interface RotationScheduleOptions {
  /** `rate(10 days)`, `cron(0 8 1 * ? *)`. */
  readonly expression: string
  /** Whose schedule it is: the jitter of each run follows from it, so that a run is known before it happens. */
  readonly secretId: string
  /** When the schedule was set, or the secret last rotated: `rate()` counts from it. */
  readonly anchorMs: number
  /** An IANA time zone. Default UTC, which is AWS's only one. */
  readonly timeZone?: string
  /** `secretsmanager`: only what AWS Secrets Manager takes. Default `full`: minutes, years and W too. */
  readonly dialect?: 'secretsmanager' | 'full'
  /** How long a window is open. Default as AWS's: an hour where it opens several times a day, else until midnight. */
  readonly windowMs?: number
  /** A run begins up to so much later than its window. Default 0; below the window's length. */
  readonly jitterMs?: number
  /** Days on which none begins; it is put off to the first day after, at the same time of day. */
  readonly blackouts?: readonly Blackout[]
}

/** One run, before it happens. */
export interface PlannedRun {
  readonly opensAtMs: number
  /** When it begins, within the window. */
  readonly startsAtMs: number
  readonly closesAtMs: number
}

/** When a secret is rotated. */
export interface RotationSchedule {
  /** The next runs, in their order. At most 1,000. */
  nextRuns(afterMs: number, count: number): readonly PlannedRun[]
  /**
   * The run that has to begin by now, if there is one since the last: the newest, so that any number of missed runs is
   * caught up once; one whose window is over begins at once. None during blackout dates.
   */
  dueRun(since: { readonly lastMs: number; readonly nowMs: number }): PlannedRun | undefined
}

const hourMs = 3_600_000
const dayMs = 86_400_000
const maxRuns = 1_000

/** @throws SecretsError `config_invalid` for an expression, a time zone, a date or a length that can't be. */
export const rotationSchedule = (options: RotationScheduleOptions): RotationSchedule => new Schedule(options)

class Schedule implements RotationSchedule {
  readonly #options: RotationScheduleOptions
  readonly #zone: TimeZone
  readonly #recurrence: Recurrence
  readonly #blackouts: Blackouts

  constructor(options: RotationScheduleOptions) {
    const { anchorMs, dialect = 'full' } = options
    this.#options = options
    this.#zone = timeZone(options.timeZone ?? 'UTC')
    this.#recurrence = parseExpression(options.expression, { zone: this.#zone, anchorMs, dialect })
    this.#blackouts = parseBlackouts(options.blackouts ?? [], this.#zone)
    this.#requireLengths()
  }

  nextRuns(afterMs: number, count: number): readonly PlannedRun[] {
    const wanted = Math.min(count, maxRuns)
    const runs: PlannedRun[] = []
    for (const run of this.#runs(afterMs)) {
      if (runs.length >= wanted) break
      if (run.startsAtMs > afterMs) runs.push(run)
    }
    return runs
  }

  dueRun({ lastMs, nowMs }: { readonly lastMs: number; readonly nowMs: number }): PlannedRun | undefined {
    if (this.#blackouts.covers(nowMs)) return undefined
    // The newest is looked for near the end: there may have been very many.
    for (let backMs = dayMs; ; backMs *= 8) {
      const sinceMs = Math.max(lastMs, nowMs - backMs)
      const due = this.#newest(sinceMs, nowMs)
      if (due || sinceMs === lastMs) return due
    }
  }

  #newest(sinceMs: number, nowMs: number): PlannedRun | undefined {
    let newest: PlannedRun | undefined
    for (const run of this.#runs(sinceMs)) {
      if (run.opensAtMs > nowMs) break
      if (run.startsAtMs > sinceMs && run.startsAtMs <= nowMs) newest = run
    }
    return newest
  }

  /** In the order in which they open, each once; begins before the moment, as far as one can be put off. */
  *#runs(afterMs: number): Generator<PlannedRun> {
    let putOff: { readonly atMs: number; readonly pastMs: number } | undefined
    let raw = this.#recurrence.next(afterMs - this.#blackouts.longestMs - (this.#options.jitterMs ?? 0))
    while (raw !== undefined) {
      const { atMs, pastMs } = this.#blackouts.after(raw)
      // Of all that the same days put off, one is left: that of the earliest time of day.
      if (pastMs !== undefined) {
        if (putOff && putOff.pastMs !== pastMs) yield this.#run(putOff.atMs)
        putOff = putOff?.pastMs === pastMs && putOff.atMs <= atMs ? putOff : { atMs, pastMs }
      } else {
        if (putOff && putOff.atMs < raw) yield this.#run(putOff.atMs)
        if (putOff && putOff.atMs <= raw) putOff = undefined
        yield this.#run(raw)
      }
      raw = this.#recurrence.next(raw)
    }
    if (putOff) yield this.#run(putOff.atMs)
  }

  #run(opensAtMs: number): PlannedRun {
    const { windowMs, jitterMs = 0 } = this.#options
    const lengthMs = windowMs ?? (this.#recurrence.isHourly ? hourMs : this.#untilMidnight(opensAtMs))
    // A window ends where blackout dates begin.
    const closesAtMs = Math.min(opensAtMs + lengthMs, this.#blackouts.nextAfter(opensAtMs))
    const startsAtMs = opensAtMs + Math.floor(this.#share(opensAtMs) * Math.min(jitterMs, closesAtMs - opensAtMs))
    return { opensAtMs, startsAtMs, closesAtMs }
  }

  #untilMidnight(atMs: number): number {
    const midnight = (Math.floor(this.#zone.wallOf(atMs) / dayMs) + 1) * dayMs
    return this.#zone.momentOf(midnight) - atMs
  }

  /** In [0, 1), the same for the same run of the same secret. */
  #share(opensAtMs: number): number {
    const hash = createHash('sha256').update(`${this.#options.secretId}\0${opensAtMs}`).digest()
    return hash.readUIntBE(0, 6) / 2 ** 48
  }

  #requireLengths(): void {
    const { windowMs, jitterMs = 0, anchorMs } = this.#options
    if (!(jitterMs >= 0) || (windowMs !== undefined && !(windowMs > 0 && jitterMs <= windowMs)))
      throw invalid('the window has to be longer than 0 and than the jitter')
    if (windowMs === undefined) return
    let before = this.#recurrence.next(anchorMs)
    for (let round = 0; round < 100 && before !== undefined; round += 1) {
      const next = this.#recurrence.next(before)
      if (next !== undefined && next - before < windowMs) throw invalid('the window runs into the next one')
      if (windowMs > this.#roomAt(before)) throw invalid('Secrets Manager takes no window that runs past midnight')
      before = next
    }
  }

  /** How long a window may be: AWS's end with the day, those of a rate begin with it. */
  #roomAt(opensAtMs: number): number {
    if (this.#options.dialect !== 'secretsmanager') return Number.POSITIVE_INFINITY
    return this.#recurrence.isRate ? dayMs : this.#untilMidnight(opensAtMs)
  }
}

const invalid = (why: string): SecretsError =>
  new SecretsError('config_invalid', `The schedule can't be kept: ${why}.`, { reason: 'schedule' })
