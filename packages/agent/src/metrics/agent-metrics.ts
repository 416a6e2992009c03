import type { RequestLimit } from '../guards/request-limit.ts'
import { version } from '../version.ts'
import type { Metric, Sample } from './exposition.ts'
import type { Meters } from './meters.ts'
import type { UpstreamMeter } from './upstream-meter.ts'

export interface AgentMetricsParts {
  readonly meters: Meters
  readonly upstream: UpstreamMeter
  readonly limit: RequestLimit
  /** How many references are cached. */
  readonly cached: () => number
  /** The process's memory in bytes. */
  readonly memoryBytes: () => number
  readonly startedAtMs: number
}

const one = (value: number): readonly Sample[] => [{ value }]

/** How the agent stands, for `/metrics`: counts and names of operations, never the name of a secret. */
export const agentMetrics = (parts: AgentMetricsParts): Metric[] => {
  const { meters, upstream, limit, cached, memoryBytes, startedAtMs } = parts
  const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
    name: `keyplane_agent_${name}`,
    help,
    type: 'counter',
    samples,
  })
  const gauge = (name: string, help: string, value: number): Metric => ({
    name: `keyplane_agent_${name}`,
    help,
    type: 'gauge',
    samples: one(value),
  })
  const reads = Object.entries({ hit: meters.hits, ...meters.reads })
  return [
    counter(
      'reads_total',
      'Reads of secrets: from the cache, from the source, from the cache although expired, without a value.',
      reads.map(([outcome, value]) => ({ labels: { outcome }, value })),
    ),
    counter(
      'refusals_total',
      'Requests that were refused before a secret was looked for.',
      [...meters.refusals].map(([status, value]) => ({ labels: { status: String(status) }, value })),
    ),
    {
      name: 'keyplane_agent_upstream_call_seconds',
      help: 'Calls to the source, each attempt, by operation and outcome.',
      type: 'summary',
      samples: [...upstream.counts].flatMap(({ operation, outcome, calls, seconds }) => [
        { labels: { operation, outcome }, value: calls, suffix: '_count' },
        { labels: { operation, outcome }, value: seconds, suffix: '_sum' },
      ]),
    },
    gauge('upstream_calls_last_hour', 'Calls to the source in the last sixty minutes.', upstream.lastHour),
    gauge('cached_secrets', 'References that are kept in the cache.', cached()),
    gauge('running_requests', 'Requests that are being answered.', limit.active),
    gauge('max_requests', 'Requests that may be answered at a time (max_conn).', limit.max),
    {
      name: 'keyplane_agent_info',
      help: 'The version of the agent.',
      type: 'gauge',
      samples: [{ labels: { version }, value: 1 }],
    },
    {
      name: 'process_resident_memory_bytes',
      help: 'Resident memory size in bytes.',
      type: 'gauge',
      samples: one(memoryBytes()),
    },
    {
      name: 'process_start_time_seconds',
      help: 'Start time of the process since unix epoch in seconds.',
      type: 'gauge',
      samples: one(startedAtMs / 1_000),
    },
  ]
}
