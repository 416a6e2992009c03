import type { FastifyInstance } from 'fastify'
import { Counter, Histogram, Registry } from 'prom-client'
import type { SecretRead } from '../tools/secret-reads.ts'

interface RouteSeries {
  readonly duration: Histogram.Internal<'route'>
  readonly answers: Map<number, Counter.Internal>
}

/** In seconds: what is cached takes a fraction of a millisecond, what is asked up to some seconds. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What is counted for `GET /metrics`: by routes and environments, never by tools, secrets, clients or addresses. */
export class ServiceMetrics {
  readonly #registry = new Registry()
  readonly #series = new Map<string, RouteSeries>()
  readonly #reads: Counter<'environment' | 'result'>
  readonly #requests: Counter<'route' | 'status'>
  readonly #durations: Histogram<'route'>

  constructor() {
    const registers = [this.#registry]
    this.#requests = new Counter({
      name: 'keyplane_service_requests_total',
      help: 'Requests that were answered.',
      labelNames: ['route', 'status'],
      registers,
    })
    this.#durations = new Histogram({
      name: 'keyplane_service_request_duration_seconds',
      help: 'From a request to the end of its answer.',
      labelNames: ['route'],
      buckets,
      registers,
    })
    this.#reads = new Counter({
      name: 'keyplane_service_reads_total',
      help: 'Secrets that callers asked for, by what came of it.',
      labelNames: ['environment', 'result'],
      registers,
    })
  }

  /** Counts a secret that a caller asked for. */
  read({ environment, result }: Pick<SecretRead, 'environment' | 'result'>): void {
    this.#reads.inc({ environment, result })
  }

  /** Counts the requests of the routes that are added after it. */
  follow(app: FastifyInstance): void {
    app.addHook('onResponse', (request, { statusCode, elapsedTime }, done) => {
      this.#answered(request.routeOptions.url ?? 'none', statusCode, elapsedTime)
      done()
    })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  /** Series are looked up by their labels once, not at each of ten thousand requests a second. */
  #answered(route: string, status: number, elapsedMs: number): void {
    const series = this.#series.get(route) ?? { duration: this.#durations.labels(route), answers: new Map() }
    this.#series.set(route, series)
    const answers = series.answers.get(status) ?? this.#requests.labels(route, String(status))
    series.answers.set(status, answers)
    answers.inc()
    series.duration.observe(elapsedMs / 1_000)
  }
}
