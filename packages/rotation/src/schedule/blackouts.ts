import { SecretsError } from '@keyplane/core'
import type { TimeZone } from './time-zone.ts'

/** Days on which nothing is begun, the last one included: `2026-12-20` to `2027-01-02`, in the schedule's time zone. */
export interface Blackout {
  readonly from: string
  readonly to: string
}

/** Days as wall times of their midnights, the end excluded. */
interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

export interface Blackouts {
  /** The moment, or the same time of day on the first day after; with the end of the days by which it is put off. */
  after(atMs: number): { readonly atMs: number; readonly pastMs?: number }
  covers(atMs: number): boolean
  /** When the next ones begin. */
  nextAfter(atMs: number): number
  /** How far a moment can be put off, at most. */
  readonly longestMs: number
}

const dayMs = 86_400_000

/** @throws SecretsError `config_invalid` for what is no date, and an end before its beginning. */
export const parseBlackouts = (blackouts: readonly Blackout[], zone: TimeZone): Blackouts => {
  const spans = joined(blackouts.map(spanOf))
  const spanAt = (atMs: number): Span | undefined => {
    if (spans.length === 0) return undefined
    const wallMs = zone.wallOf(atMs)
    return spans.find(({ fromMs, untilMs }) => wallMs >= fromMs && wallMs < untilMs)
  }
  return {
    after: (atMs) => {
      const span = spanAt(atMs)
      if (!span) return { atMs }
      const wallMs = zone.wallOf(atMs)
      const pastMs = span.untilMs
      return { atMs: zone.momentOf(pastMs + (wallMs - Math.floor(wallMs / dayMs) * dayMs)), pastMs }
    },
    covers: (atMs) => spanAt(atMs) !== undefined,
    nextAfter: (atMs) => {
      const wallMs = spans.length === 0 ? 0 : zone.wallOf(atMs)
      const next = spans.find(({ fromMs }) => fromMs > wallMs)
      return next ? zone.momentOf(next.fromMs) : Number.POSITIVE_INFINITY
    },
    // A day more: clocks may be set back meanwhile.
    longestMs: Math.max(0, ...spans.map(({ fromMs, untilMs }) => untilMs - fromMs + 2 * dayMs)),
  }
}

const spanOf = ({ from, to }: Blackout): Span => {
  const [fromMs, toMs] = [dateOf(from), dateOf(to)]
  if (toMs < fromMs) throw invalid(`${from} is after ${to}`)
  return { fromMs, untilMs: toMs + dayMs }
}

/** Spans that touch are one: what is put off past the one must not fall into the next. */
const joined = (spans: readonly Span[]): readonly Span[] => {
  const result: Span[] = []
  for (const span of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1)
    if (last && span.fromMs <= last.untilMs)
      result[result.length - 1] = { fromMs: last.fromMs, untilMs: Math.max(last.untilMs, span.untilMs) }
    else result.push(span)
  }
  return result
}

const dateOf = (text: string): number => {
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  // Date.parse takes no 30 February, but an implementation may.
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== text)
    throw invalid(`${JSON.stringify(text)} is no date as 2026-12-24`)
  return atMs
}

const invalid = (why: string): SecretsError =>
  new SecretsError('config_invalid', `The blackout dates can't be read: ${why}.`, { reason: 'schedule' })
