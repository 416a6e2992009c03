import type { CallReport } from './app.ts'

/** Upper bounds in seconds: a cached page to a disk that hangs. */
const bounds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

interface Timing {
  readonly buckets: number[]
  sum: number
  count: number
}

/** What was counted, as it crosses threads. */
export interface MetricsState {
  readonly calls: ReadonlyMap<string, number>
  readonly timings: ReadonlyMap<string, Timing>
}

/** What a store has done since it was started, as Prometheus reads it. Its labels are actions and decisions; no name. */
export class Metrics {
  readonly #calls = new Map<string, number>()
  readonly #timings = new Map<string, Timing>()

  note({ action, decision, durationMs }: CallReport): void {
    const labels = `action="${action}",decision="${decision}"`
    this.#calls.set(labels, (this.#calls.get(labels) ?? 0) + 1)
    const timing = this.#timingOf(action)
    const seconds = durationMs / 1_000
    const first = bounds.findIndex((bound) => seconds <= bound)
    if (first >= 0) timing.buckets[first] = (timing.buckets[first] ?? 0) + 1
    timing.sum += seconds
    timing.count += 1
  }

  /** All that several have counted. */
  static of(states: readonly MetricsState[]): Metrics {
    const all = new Metrics()
    for (const { calls, timings } of states) {
      for (const [labels, count] of calls) all.#calls.set(labels, (all.#calls.get(labels) ?? 0) + count)
      for (const [action, timing] of timings) all.#addTiming(action, timing)
    }
    return all
  }

  state(): MetricsState {
    return { calls: this.#calls, timings: this.#timings }
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
  text({ ready, memoryBytes, cpuSeconds }: ProcessFacts): string {
    return [
      ...family('keyplane_store_calls_total', 'counter', 'Calls by action and decision.'),
      ...[...this.#calls].map(([labels, count]) => `keyplane_store_calls_total{${labels}} ${count}`),
      ...family('keyplane_store_call_duration_seconds', 'histogram', 'How long calls took.'),
      ...[...this.#timings].flatMap(([action, timing]) => histogram(action, timing)),
      ...family('keyplane_store_ready', 'gauge', '1 while calls can be answered.'),
      `keyplane_store_ready ${ready ? 1 : 0}`,
      ...family('process_resident_memory_bytes', 'gauge', 'Memory of the process.'),
      `process_resident_memory_bytes ${memoryBytes}`,
      ...family('process_cpu_seconds_total', 'counter', 'User and system CPU time of the process.'),
      `process_cpu_seconds_total ${cpuSeconds}`,
      '',
    ].join('\n')
  }
}

export interface ProcessFacts {
  readonly ready: boolean
  readonly memoryBytes: number
  readonly cpuSeconds: number
}

const family = (name: string, type: string, help: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
]

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
