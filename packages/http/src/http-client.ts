import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http'
import { type Clock, SecretsError, systemClock } from '@keyplane/core'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { failureCode, transportError } from './transport-error.ts'
import { withinLimits } from './within-limits.ts'

export interface HttpCall {
  readonly method: string
  /** Path and query, encoded. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Aborts the call, which rejects with `signal.reason`. */
  readonly signal?: AbortSignal
  /** Default: the client's. */
  readonly timeoutMs?: number
  /**
   * Whether it does no harm that the server gets it twice. Such a request goes over a kept connection, and again where
   * that dies at its reuse; another goes once, over a connection of its own. Default: `true` for GET and HEAD.
   */
  readonly repeatable?: boolean
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

/** What a client shows a server that asks for a certificate, in PEM. */
export interface ClientCertificate {
  readonly cert: string
  readonly key: string
}

export interface HttpClientOptions {
  /** `https://host[:port]`; plain http to this machine only. */
  readonly endpoint: string
  /** Lets plain http go to other machines. */
  readonly allowInsecureHttp?: boolean
  /** The provider's name, for errors. */
  readonly source: string
  readonly clock?: Clock
  /** From the call to the answer's last byte. Default 30,000. */
  readonly timeoutMs?: number
  /** Default 10 MiB; a longer answer is `bad_response`. */
  readonly maxAnswerBytes?: number
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca?: string
  /** Default: none is shown. */
  readonly clientCertificate?: ClientCertificate
}

export interface HttpClient {
  readonly endpoint: Endpoint
  /**
   * One request and its whole answer, whatever its status; redirects are not followed.
   * @throws SecretsError `unavailable`, `timeout`, `bad_response`, and `closed` after `close`.
   */
  send(call: HttpCall): Promise<HttpAnswer>
  /** Cuts every connection; calls under way fail. */
  close(): void
}

/** Node's half of a client: how a request is begun, and the connections it keeps. */
interface Transport {
  readonly begin: (options: RequestOptions) => ClientRequest
  readonly agent: Agent
}

/** Loaded at the first call: `node:http` costs some 20 ms, which an import of this module should not. */
const openTransport = async (
  secure: boolean,
  { ca, clientCertificate }: Pick<HttpClientOptions, 'ca' | 'clientCertificate'>,
): Promise<Transport> => {
  const pool = { keepAlive: true, maxFreeSockets: 16 }
  if (!secure) {
    const http = await import('node:http')
    return { begin: (options) => http.request(options), agent: new http.Agent(pool) }
  }
  const https = await import('node:https')
  const tls = { ...(ca !== undefined && { ca }), ...clientCertificate }
  return {
    begin: (options) => https.request({ ...options, ...tls }),
    agent: new https.Agent({ ...pool, ...tls }),
  }
}

const isRepeatable = ({ method, repeatable = method === 'GET' || method === 'HEAD' }: HttpCall): boolean => repeatable

/** Most often the server closed an idle connection at the moment of its reuse; it may have seen the request all the same. */
const isStaleSocket = (request: ClientRequest, thrown: unknown): boolean =>
  request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(failureCode(thrown))

class KeepAliveClient implements HttpClient {
  readonly endpoint: Endpoint
  readonly #options: HttpClientOptions
  readonly #clock: Clock
  #transport: Promise<Transport> | undefined
  readonly #closing = new AbortController()

  constructor(options: HttpClientOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.endpoint = parseEndpoint(options.endpoint, { allowInsecureHttp: options.allowInsecureHttp ?? false })
  }

  async send(call: HttpCall): Promise<HttpAnswer> {
    const { source } = this.#options
    const timeoutMs = call.timeoutMs ?? this.#options.timeoutMs ?? 30_000
    const limits = {
      clock: this.#clock,
      timeoutMs,
      signals: [call.signal, this.#closing.signal],
      late: () =>
        new SecretsError('timeout', `${this.endpoint.origin} did not answer within ${timeoutMs} ms.`, { source }),
    }
    return withinLimits(limits, async (ended) => {
      try {
        return await this.#exchange(call, ended)
      } catch (thrown) {
        throw thrown instanceof SecretsError ? thrown : transportError(thrown, this.endpoint.origin, source)
      }
    })
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    const { source } = this.#options
    this.#closing.abort(new SecretsError('closed', `The connection to ${this.endpoint.origin} was closed.`, { source }))
    void this.#transport?.then(({ agent }) => agent.destroy())
  }

  async #exchange(call: HttpCall, ended: AbortSignal): Promise<HttpAnswer> {
    this.#transport ??= openTransport(this.endpoint.secure, this.#options)
    const transport = await this.#transport
    ended.throwIfAborted()
    return this.#attempt(call, ended, transport, isRepeatable(call) ? transport.agent : false)
  }

  #attempt(call: HttpCall, ended: AbortSignal, transport: Transport, agent: Agent | false): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const request = transport.begin({ ...this.#requestOptions(call), agent })
      let answering = false
      ended.addEventListener('abort', () => request.destroy(), { once: true })
      request.on('response', (response) => {
        answering = true
        this.#read(response).then(resolve, reject)
      })
      request.on('error', (thrown) => {
        const again = agent !== false && !answering && !ended.aborted && isStaleSocket(request, thrown)
        if (again) this.#attempt(call, ended, transport, false).then(resolve, reject)
        else reject(thrown)
      })
      request.end(call.body)
    })
  }

  #requestOptions({ method, target, headers, body }: HttpCall): RequestOptions {
    const { hostname, port } = this.endpoint
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    return { method, path: target, headers: { ...headers, ...length }, hostname, port }
  }

  async #read(response: IncomingMessage): Promise<HttpAnswer> {
    const { source, maxAnswerBytes = 10 * 1024 * 1024 } = this.#options
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response) {
      const part: Uint8Array = chunk
      bytes += part.byteLength
      // Leaving the loop destroys the response and its socket.
      if (bytes > maxAnswerBytes)
        throw new SecretsError('bad_response', `${this.endpoint.origin} answered more than ${maxAnswerBytes} bytes.`, {
          source,
        })
      chunks.push(part)
    }
    return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }
  }
}

/** A client for one endpoint over `node:http` or `node:https`, with connections kept alive and reused. */
export const httpClient = (options: HttpClientOptions): HttpClient => new KeepAliveClient(options)
