import { type Clock, SecretsError } from '@keyplane/core'
import { type HttpClient, httpClient, retryAfterMs } from '@keyplane/http'
import { parseServiceError } from '@keyplane/protocol'
import type { ServiceTls } from '@keyplane/secrets/providers'

export interface ServiceApiOptions {
  readonly service: string
  /** Default: none, for a login. */
  readonly token?: string | undefined
  readonly clock: Clock
  readonly tls?: ServiceTls
}

export interface ApiCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  /** The same write with the same key is done once. */
  readonly idempotencyKey?: string
}

/** The calls of a configuration service, for commands. */
export class ServiceApi {
  readonly service: string
  readonly #http: HttpClient
  readonly #token: string | undefined
  readonly #clock: Clock

  /** @throws SecretsError `config_invalid` where the service's address is none. */
  constructor({ service, token, clock, tls }: ServiceApiOptions) {
    this.#http = httpClient({ endpoint: service, source: 'service', clock, timeoutMs: 15_000, ...tls })
    this.service = this.#http.endpoint.origin
    this.#token = token
    this.#clock = clock
  }

  /** What is answered, as text; empty where there is nothing to say. @throws SecretsError as the service says. */
  async call(target: string, { method = 'GET', body, idempotencyKey }: ApiCall = {}): Promise<string> {
    const answer = await this.#http.send({
      method,
      target,
      headers: {
        host: this.#http.endpoint.host,
        accept: 'application/json',
        'user-agent': 'keyplane',
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(idempotencyKey !== undefined && { repeatable: true }),
    })
    const text = Buffer.from(answer.body).toString()
    if (answer.status < 300) return text
    const said = parseServiceError(text)
    const waitMs = retryAfterMs(answer.headers['retry-after'], this.#clock.nowMs())
    throw new SecretsError(
      said?.code ?? 'bad_response',
      said?.message ?? `What answers at ${this.service} is no configuration service (HTTP ${answer.status}).`,
      {
        source: 'service',
        ...(this.#token === undefined && { reason: 'login' }),
        ...(waitMs !== undefined && { retryAfterMs: waitMs }),
      },
    )
  }

  /** What is answered, where that is an object. @throws SecretsError as `call`, `bad_response`. */
  async ask<T extends object>(target: string, call?: ApiCall): Promise<T> {
    const text = await this.call(target, call)
    try {
      const answer: unknown = JSON.parse(text)
      if (typeof answer === 'object' && answer !== null) return answer as T
    } catch {
      // Told below.
    }
    throw new SecretsError('bad_response', `What answers at ${this.service} is no configuration service.`)
  }

  close(): void {
    this.#http.close()
  }
}
