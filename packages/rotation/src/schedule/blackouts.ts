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
  /** The moment, or the same time of day on the first day after. */
  after(atMs: number): number
  covers(atMs: number): boolean
  /** How far a moment can be put off, at most. */
  readonly longestMs: number
}

const dayMs = 86_400_000

/** @throws SecretsError `config_invalid` for what is no date, and an end before its beginning. */
export const parseBlackouts = (blackouts: readonly Blackout[], zone: TimeZone): Blackouts => {
  const spans = joined(blackouts.map(spanOf))
  const spanAt = (atMs: number): Span | undefined => {
    const wallMs = zone.wallOf(atMs)
    return spans.find(({ fromMs, untilMs }) => wallMs >= fromMs && wallMs < untilMs)
  }
  return {
    after: (atMs) => {
      const span = spanAt(atMs)
      if (!span) return atMs
      const wallMs = zone.wallOf(atMs)
      return zone.momentOf(span.untilMs + (wallMs - Math.floor(wallMs / dayMs) * dayMs))
    },
    covers: (atMs) => spanAt(atMs) !== undefined,
    longestMs: Math.max(0, ...spans.map(({ fromMs, untilMs }) => untilMs - fromMs + dayMs)),
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
