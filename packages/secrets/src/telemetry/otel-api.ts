/** The part of `@opentelemetry/api` 1.x that is used here: the package is its user's, and may not be there. */
export interface OtelApi {
  readonly trace: { getTracer(name: string): Tracer }
  readonly metrics: { getMeter(name: string): Meter }
}

export type Attributes = Readonly<Record<string, string>>

export interface Span {
  setAttributes(attributes: Attributes): unknown
  setStatus(status: { readonly code: number }): unknown
  end(): void
}

export interface Tracer {
  startActiveSpan<T>(name: string, options: object, act: (span: Span) => T): T
}

export interface Meter {
  createHistogram(name: string, options: object): { record(value: number, attributes: Attributes): void }
  createObservableCounter(name: string, options: object): ObservableCounter
}

export interface ObservableCounter {
  addCallback(callback: Observe): void
  removeCallback(callback: Observe): void
}

export type Observe = (result: { observe(value: number, attributes: Attributes): void }) => void

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR` of the API. */
export const clientSpan = 2
export const errorStatus = 2

/**
 * Where the API of major version 1 keeps what a program's SDK registered; without it every call is for nothing.
 * @see https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/internal/global-utils.ts
 */
const registered = Symbol.for('opentelemetry.js.api.1')

/** Whether the program has set up OpenTelemetry for this signal. */
export const isRegistered = (signal: 'trace' | 'metrics'): boolean =>
  (globalThis as { readonly [registered]?: Readonly<Record<string, unknown>> })[registered]?.[signal] !== undefined

/** Not written as a text in the import, so that no bundler wants the package. */
const apiPackage: string = '@opentelemetry/api'

/** The program's API, if it is installed. */
export const loadApi = async (): Promise<OtelApi | undefined> => {
  try {
    return (await import(apiPackage)) as OtelApi
  } catch {
    return undefined
  }
}
