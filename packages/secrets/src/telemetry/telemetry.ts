import { type Clock, type Reading, toSecretsError } from '@keyplane/core'
import { failureKind } from '../chain/failure-kind.ts'
import type { ReadCounts } from '../chain/tally.ts'
import {
  type Attributes,
  clientSpan,
  errorStatus,
  isRegistered,
  loadApi,
  type Meter,
  type ObservableCounter,
  type Observe,
  type OtelApi,
  type Tracer,
} from './otel-api.ts'

export interface TelemetryOptions {
  /** Whether spans are made and reads counted, where the program has set up OpenTelemetry. Default true. */
  readonly enabled?: boolean
  /** Name secrets by the SHA-256 of their key. Default false: by the key. */
  readonly hashKeys?: boolean
}

const scope = '@keyplane/secrets'
const readSpan = { kind: clientSpan }

interface Loaded {
  readonly api: OtelApi
  readonly tracer: Tracer
  readonly nameOf: (key: string) => Attributes
}

interface Meters {
  readonly duration: ReturnType<Meter['createHistogram']>
  readonly reads: ObservableCounter
}

/**
 * A span for each read that asks a source, its duration, and the counts of all reads, cached ones included, where the
 * program has set up OpenTelemetry. It costs nothing where it has not, and never sees a value.
 */
export class Telemetry {
  readonly #options: TelemetryOptions
  readonly #clock: Clock
  readonly #counts: () => Readonly<Record<string, ReadCounts>>
  #loading: Promise<Loaded | undefined> | undefined
  #meters: Meters | undefined

  constructor(options: TelemetryOptions, clock: Clock, counts: () => Readonly<Record<string, ReadCounts>>) {
    this.#options = options
    this.#clock = clock
    this.#counts = counts
  }

  /** Asked at each read, since programs set up OpenTelemetry when they like. */
  get isOn(): boolean {
    return this.#options.enabled !== false && (isRegistered('trace') || isRegistered('metrics'))
  }

  /** Runs a read of a source in a span of its own. */
  async read(source: string, key: string, act: () => Promise<Reading>): Promise<Reading> {
    this.#loading ??= this.#load()
    const loaded = await this.#loading
    if (!loaded) return act()
    const meters = this.#metersOf(loaded)
    const startedAtMs = this.#clock.monotonicMs()
    return loaded.tracer.startActiveSpan('keyplane.read', readSpan, async (span) => {
      span.setAttributes({ 'keyplane.source': source, ...loaded.nameOf(key) })
      let outcome: Attributes = {}
      try {
        const reading = await act()
        outcome = outcomeOf(reading)
        return reading
      } catch (thrown) {
        const { code } = toSecretsError(thrown)
        outcome = { 'keyplane.outcome': failureKind[code], 'error.type': code }
        if (failureKind[code] !== 'absent') span.setStatus({ code: errorStatus })
        throw thrown
      } finally {
        span.setAttributes(outcome)
        span.end()
        const seconds = (this.#clock.monotonicMs() - startedAtMs) / 1_000
        meters?.duration.record(seconds, { 'keyplane.source': source, ...outcome })
      }
    })
  }

  /** Ends the counting. */
  close(): void {
    this.#meters?.reads.removeCallback(this.#observe)
    this.#meters = undefined
  }

  async #load(): Promise<Loaded | undefined> {
    const api = await loadApi()
    if (!api) return undefined
    const hash = this.#options.hashKeys ? (await import('node:crypto')).createHash : undefined
    const nameOf = (key: string): Attributes =>
      hash ? { 'keyplane.key_sha256': hash('sha256').update(key).digest('hex') } : { 'keyplane.key': key }
    return { api, tracer: api.trace.getTracer(scope), nameOf }
  }

  /** Metrics may be set up later than traces; before, the API would give meters that never count. */
  #metersOf({ api }: Loaded): Meters | undefined {
    if (this.#meters || !isRegistered('metrics')) return this.#meters
    const meter = api.metrics.getMeter(scope)
    this.#meters = {
      duration: meter.createHistogram('keyplane.read.duration', {
        unit: 's',
        description: 'Reads that asked a source',
      }),
      reads: meter.createObservableCounter('keyplane.reads', { description: 'Reads by source and outcome' }),
    }
    this.#meters.reads.addCallback(this.#observe)
    return this.#meters
  }

  readonly #observe: Observe = (result) => {
    for (const [source, counts] of Object.entries(this.#counts()))
      for (const [outcome, count] of Object.entries(counts))
        if (count > 0) result.observe(count, { 'keyplane.source': source, 'keyplane.outcome': outcome })
  }
}

/** An expired value that covers a failure is told as that failure. */
const outcomeOf = ({ version, failure }: Reading): Attributes => ({
  'keyplane.outcome': failure ? failureKind[failure.code] : 'asked',
  ...(version.version !== undefined && { 'keyplane.version': version.version }),
})
