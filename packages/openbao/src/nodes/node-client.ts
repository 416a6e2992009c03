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
  readonly #http: HttpClient

  constructor(options: HttpClientOptions) {
    this.#http = httpClient(options)
    this.endpoint = this.#http.endpoint
  }

  /**
   * A request that may be sent twice goes over a kept connection: where the server closes it at that moment, the request
   * is sent again. One that may not gets a connection of its own, over which it is sent once or not at all.
   */
  send(call: HttpCall, { repeatable }: { readonly repeatable: boolean }): Promise<HttpAnswer> {
    return this.#http.send({ ...call, repeatable })
  }

  close(): void {
    this.#http.close()
  }
}
