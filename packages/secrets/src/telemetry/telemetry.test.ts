import { inspect } from 'node:util'
import { metrics, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { SecretsError } from '@keyplane/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openOver } from '../../test/open-over.ts'
import { remoteMemory } from '../../test/remote-memory.ts'
import type { TelemetryOptions } from './telemetry.ts'

const spans = new InMemorySpanExporter()
let exported: InMemoryMetricExporter
let meters: MeterProvider

const start = (telemetry?: TelemetryOptions) => {
  const source = remoteMemory({ KEY: 'canary-8d1f2c' })
  return { ...source, ...openOver(source.provider, telemetry ? { telemetry } : {}) }
}

const counts = async (): Promise<Record<string, unknown>> => {
  await meters.forceFlush()
  const points = exported
    .getMetrics()
    .at(-1)
    ?.scopeMetrics.flatMap(({ metrics: found }) => found)
    .find(({ descriptor }) => descriptor.name === 'keyplane.reads')?.dataPoints
  return Object.fromEntries(
    (points ?? []).map(({ attributes, value }) => [
      `${String(attributes['keyplane.source'])} ${String(attributes['keyplane.outcome'])}`,
      value,
    ]),
  )
}

describe('a program with OpenTelemetry', () => {
  beforeEach(() => {
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
    exported = new InMemoryMetricExporter(AggregationTemporality.DELTA)
    meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: exported })] })
    metrics.setGlobalMeterProvider(meters)
  })
  afterEach(async () => {
    await meters.shutdown()
    trace.disable()
    metrics.disable()
    spans.reset()
  })

  it('has a span for each read that asked a source, by key, source and outcome', async () => {
    const { secrets, state } = start()
    await secrets.getSecret('KEY')
    await secrets.getSecret('KEY')
    await secrets.getSecret('NOPE')
    state.failure = new SecretsError('access_denied', 'no')
    await secrets.getSecret('OTHER')
    expect(spans.getFinishedSpans().map(({ name, attributes, status }) => [name, attributes, status.code])).toEqual([
      [
        'keyplane.read',
        {
          'keyplane.source': 'remote',
          'keyplane.key': 'KEY',
          'keyplane.outcome': 'asked',
          'keyplane.version': 'seed-1',
        },
        0,
      ],
      [
        'keyplane.read',
        {
          'keyplane.source': 'remote',
          'keyplane.key': 'NOPE',
          'keyplane.outcome': 'absent',
          'error.type': 'secret_not_found',
        },
        0,
      ],
      [
        'keyplane.read',
        {
          'keyplane.source': 'remote',
          'keyplane.key': 'OTHER',
          'keyplane.outcome': 'denied',
          'error.type': 'access_denied',
        },
        2,
      ],
    ])
    expect(inspect(spans.getFinishedSpans(), { depth: 10 })).not.toContain('canary')
  })

  it('has the counts of all reads, cached ones included, until the manager is closed', async () => {
    const { secrets } = start()
    await secrets.getSecret('KEY')
    await secrets.getSecret('KEY')
    await secrets.getSecret('NOPE')
    expect(await counts()).toEqual({ 'remote asked': 1, 'remote hit': 1, 'remote absent': 1 })
    await secrets.close()
    exported.reset()
    expect(await counts()).toEqual({})
  })

  it('may have keys told by their hash', async () => {
    const { secrets } = start({ hashKeys: true })
    await secrets.getSecret('KEY')
    const [span] = spans.getFinishedSpans()
    expect(span?.attributes['keyplane.key_sha256']).toBe(
      '5ca24005b740717ba4f3f6bc48a230700e68c2a4b11ecedb96f169f4efaf1f21',
    )
    expect(inspect(span)).not.toMatch(/'KEY'/)
  })

  it('may leave it out', async () => {
    const { secrets } = start({ enabled: false })
    await secrets.getSecret('KEY')
    expect(spans.getFinishedSpans()).toEqual([])
  })
})

describe('a program without OpenTelemetry', () => {
  it('is told nothing', async () => {
    const { secrets } = start()
    expect(await secrets.getSecret('KEY')).toBe('canary-8d1f2c')
    expect(spans.getFinishedSpans()).toEqual([])
  })
})
