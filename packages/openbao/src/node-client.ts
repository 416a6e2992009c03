import {
  type Endpoint,
  type HttpAnswer,
  type HttpCall,
  type HttpClient,
  type HttpClientOptions,
  httpClient,
} from '@keyplane/http'

/** One node, asked over connections that are kept, or over one of its own. */
export class NodeClient {
  readonly endpoint: Endpoint
  readonly #kept: HttpClient
  readonly #single: HttpClient

  constructor(options: HttpClientOptions) {
    this.#kept = httpClient(options)
    this.#single = httpClient(options)
    this.endpoint = this.#kept.endpoint
  }

  /**
   * A request that may be sent twice goes over a kept connection: where the server closes it at that moment, the request
   * is sent again. One that may not gets a connection of its own, over which it is sent once or not at all.
   */
  send(call: HttpCall, { repeatable }: { readonly repeatable: boolean }): Promise<HttpAnswer> {
    if (repeatable) return this.#kept.send(call)
    return this.#single.send({ ...call, headers: { ...call.headers, connection: 'close' } })
  }

  close(): void {
    this.#kept.close()
    this.#single.close()
  }
}
