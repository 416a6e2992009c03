import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as plainRequest,
} from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { type Clock, SecretsError, systemClock } from '@keyplane/core'
import { untilAborted } from '../until-aborted.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { failureCode, transportError } from './transport-error.ts'

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
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
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

/** The server closed an idle connection at the moment of its reuse: it never saw the request, so it is sent again. */
const isStaleSocket = (request: ClientRequest, thrown: unknown): boolean =>
  request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(failureCode(thrown))

class KeepAliveClient implements HttpClient {
  readonly endpoint: Endpoint
  readonly #options: HttpClientOptions
  readonly #clock: Clock
  readonly #agent: Agent
  readonly #closing = new AbortController()

  constructor(options: HttpClientOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.endpoint = parseEndpoint(options.endpoint, { allowInsecureHttp: options.allowInsecureHttp ?? false })
    const pool = { keepAlive: true, maxFreeSockets: 16 }
    const { ca } = options
    this.#agent = this.endpoint.secure ? new SecureAgent(ca === undefined ? pool : { ...pool, ca }) : new Agent(pool)
  }

  async send(call: HttpCall): Promise<HttpAnswer> {
    const ended = new AbortController()
    const release = this.#endWith(call, (reason) => ended.abort(reason))
    try {
      ended.signal.throwIfAborted()
      return await untilAborted(this.#attempt(call, ended.signal, this.#agent), ended.signal)
    } catch (thrown) {
      if (ended.signal.aborted || thrown instanceof SecretsError) throw thrown
      throw transportError(thrown, this.endpoint.origin, this.#options.source)
    } finally {
      release()
    }
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    const { source } = this.#options
    this.#closing.abort(new SecretsError('closed', `The connection to ${this.endpoint.origin} was closed.`, { source }))
    this.#agent.destroy()
  }

  /** Ends the call by its timeout, its signal or the client's `close`, whichever is first. */
  #endWith(call: HttpCall, end: (reason: unknown) => void): () => void {
    const { source } = this.#options
    const limitMs = call.timeoutMs ?? this.#options.timeoutMs ?? 30_000
    const timer = this.#clock.after(limitMs, () =>
      end(new SecretsError('timeout', `${this.endpoint.origin} did not answer within ${limitMs} ms.`, { source })),
    )
    const links = [call.signal, this.#closing.signal].flatMap((signal) => {
      if (!signal) return []
      const onAbort = (): void => end(signal.reason)
      if (signal.aborted) onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      return [() => signal.removeEventListener('abort', onAbort)]
    })
    return () => {
      timer.cancel()
      for (const unlink of links) unlink()
    }
  }

  #attempt(call: HttpCall, ended: AbortSignal, agent: Agent | false): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const request = this.#request(call, agent)
      let answering = false
      ended.addEventListener('abort', () => request.destroy(), { once: true })
      request.on('response', (response) => {
        answering = true
        this.#read(response).then(resolve, reject)
      })
      request.on('error', (thrown) => {
        const again = agent !== false && !answering && !ended.aborted && isStaleSocket(request, thrown)
        if (again) this.#attempt(call, ended, false).then(resolve, reject)
        else reject(thrown)
      })
      request.end(call.body)
    })
  }

  #request({ method, target, headers, body }: HttpCall, agent: Agent | false): ClientRequest {
    const { secure, hostname, port } = this.endpoint
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const options = { method, path: target, headers: { ...headers, ...length }, hostname, port, agent }
    if (!secure) return plainRequest(options)
    const { ca } = this.#options
    return secureRequest(ca === undefined ? options : { ...options, ca })
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
