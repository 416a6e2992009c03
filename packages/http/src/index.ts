/**
 * One HTTP client for everything that asks another machine: bounded in time and size, connections reused, plain http to
 * this machine only, failures as `SecretsError`. Use it behind a client that knows its service's words. It follows no
 * redirect, repeats only what does no harm twice, and logs nothing.
 */
export { type Endpoint, isLoopback, parseEndpoint } from './endpoint.ts'
export {
  type ClientCertificate,
  type HttpAnswer,
  type HttpCall,
  type HttpClient,
  type HttpClientOptions,
  httpClient,
} from './http-client.ts'
export { quotable, type QuotableOptions } from './quotable.ts'
export { retryAfterMs } from './retry-after.ts'
export { type Limits, withinLimits } from './within-limits.ts'
