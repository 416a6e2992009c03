import { isEndState } from '@keyplane/rotation'
import type { CallReport } from './app.ts'
import { Counter, type Counts, family } from './counter.ts'
import { alertTexts } from './rotation/alert-texts.ts'
import type { RotationReport } from './rotation/rotation-report.ts'

/** Upper bounds in seconds: a cached page to a disk that hangs. */
const bounds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

interface Timing {
  readonly buckets: number[]
  sum: number
  count: number
}

/** What was counted, as it crosses threads. */
export interface MetricsState {
  readonly calls: Counts
  readonly timings: ReadonlyMap<string, Timing>
  readonly rotations: Counts
  readonly steps: Counts
  readonly trials: Counts
  readonly alerts: Counts
}

/** What a store has done since it was started, as Prometheus reads it. Its labels are actions and decisions; no name. */
export class Metrics {
  readonly #calls = new Counter('keyplane_store_calls_total', 'Calls by action and decision.')
  readonly #timings = new Map<string, Timing>()
  readonly #rotations = new Counter('keyplane_store_rotations_total', 'Rotations that have ended, by how.')
  readonly #steps = new Counter('keyplane_store_rotation_steps_total', 'Steps of rotations by how they ended.')
  readonly #trials = new Counter('keyplane_store_rotation_trials_total', 'Trials of rotations by how they ended.')
  readonly #alerts = new Counter(
    'keyplane_store_rotation_alerts_total',
    'Alerts of rotations, by what they tell.',
    Object.keys(alertTexts).map((kind) => ({ kind })),
  )

  note({ action, decision, durationMs }: CallReport): void {
    this.#calls.count({ action, decision })
    const timing = this.#timingOf(action)
    const seconds = durationMs / 1_000
    const first = bounds.findIndex((bound) => seconds <= bound)
    if (first >= 0) timing.buckets[first] = (timing.buckets[first] ?? 0) + 1
    timing.sum += seconds
    timing.count += 1
  }

  noteRotation(report: RotationReport): void {
    if (report.kind === 'alert') return this.#alerts.count({ kind: report.alert })
    if (report.kind === 'trial') return this.#trials.count({ outcome: report.outcome })
    const { effect: step, outcome, state } = report
    if (step && outcome) this.#steps.count({ step, outcome })
    if (isEndState(state)) this.#rotations.count({ outcome: state })
  }

  /** All that several have counted. */
  static of(states: readonly MetricsState[]): Metrics {
    const all = new Metrics()
    for (const { calls, timings, rotations, steps, trials, alerts } of states) {
      all.#calls.add(calls)
      for (const [action, timing] of timings) all.#addTiming(action, timing)
      all.#rotations.add(rotations)
      all.#steps.add(steps)
      all.#trials.add(trials)
      all.#alerts.add(alerts)
    }
    return all
  }

  state(): MetricsState {
    return {
      calls: this.#calls.counts,
      timings: this.#timings,
      rotations: this.#rotations.counts,
      steps: this.#steps.counts,
      trials: this.#trials.counts,
      alerts: this.#alerts.counts,
    }
  }

  #addTiming(action: string, { buckets, sum, count }: Timing): void {
    const timing = this.#timingOf(action)
    for (const [index, more] of buckets.entries()) timing.buckets[index] = (timing.buckets[index] ?? 0) + more
    timing.sum += sum
    timing.count += count
  }

  #timingOf(action: string): Timing {
    const known = this.#timings.get(action)
    if (known) return known
    const timing = { buckets: bounds.map(() => 0), sum: 0, count: 0 }
    this.#timings.set(action, timing)
    return timing
  }

  /** In the text format. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text({ ready, memoryBytes, cpuSeconds, sinceRotatedSeconds, overdueSeconds }: StoreFacts): string {
    return [
      ...this.#calls.lines(),
      ...family('keyplane_store_call_duration_seconds', 'histogram', 'How long calls took.'),
      ...[...this.#timings].flatMap(([action, timing]) => histogram(action, timing)),
      ...this.#rotations.lines(),
      ...this.#steps.lines(),
      ...this.#trials.lines(),
      ...this.#alerts.lines(),
      ...gauge(
        'keyplane_store_since_rotation_seconds',
        'Since a secret was last rotated with success.',
        sinceRotatedSeconds,
      ),
      ...gauge(
        'keyplane_store_rotation_overdue_seconds',
        'How long the rotation that waits longest is due.',
        overdueSeconds,
      ),
      ...gauge('keyplane_store_ready', '1 while calls can be answered.', ready ? 1 : 0),
      ...gauge('process_resident_memory_bytes', 'Memory of the process.', memoryBytes),
      ...family('process_cpu_seconds_total', 'counter', 'User and system CPU time of the process.'),
      `process_cpu_seconds_total ${cpuSeconds}`,
      '',
    ].join('\n')
  }
}

/** What is true of a store at a moment. */
export interface StoreFacts extends RotationTimes {
  readonly ready: boolean
  readonly memoryBytes: number
  readonly cpuSeconds: number
}

/** Of all rotations in the database, whichever process does them. Absent where that can't be read, or there is none. */
export interface RotationTimes {
  readonly sinceRotatedSeconds?: number
  readonly overdueSeconds?: number
}

const gauge = (name: string, help: string, value: number | undefined): string[] =>
  value === undefined ? [] : [...family(name, 'gauge', help), `${name} ${value}`]

const histogram = (action: string, { buckets, sum, count }: Timing): string[] => {
  const name = 'keyplane_store_call_duration_seconds'
  let below = 0
  return [
    ...bounds.map((bound, index) => {
      below += buckets[index] ?? 0
      return `${name}_bucket{action="${action}",le="${bound}"} ${below}`
    }),
    `${name}_bucket{action="${action}",le="+Inf"} ${count}`,
    `${name}_sum{action="${action}"} ${sum}`,
    `${name}_count{action="${action}"} ${count}`,
  ]
}
