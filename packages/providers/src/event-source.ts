import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { type Clock, SecretsError, type Timer } from '@keyplane/core'
import type { ClientCertificate, Endpoint } from '@keyplane/http'

export interface EventSourceCall {
  readonly endpoint: Endpoint
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly ca?: string | undefined
  readonly clientCertificate?: ClientCertificate | undefined
  readonly signal: AbortSignal
  readonly clock: Clock
  /** A stream that says nothing for so long is cut. */
  readonly silenceMs: number
}

/** An answer whose body does not end by itself. */
export interface OpenStream {
  readonly status: number
  readonly retryAfter: string | undefined
  /** The body as text, piece by piece; ends with the connection. */
  readonly pieces: AsyncIterable<string>
}

const cut = (origin: string, cause: unknown): SecretsError =>
  new SecretsError('unavailable', `The stream of ${origin} was cut.`, { source: 'service', reason: 'stream', cause })

/** A request that Node refuses to begin, for a header that can be none, is no stream either. */
const beginOrCut = (begin: () => ClientRequest, origin: string): ClientRequest => {
  try {
    return begin()
  } catch (thrown) {
    throw cut(origin, thrown)
  }
}

/** Runs `act` when nothing was heard for so long. */
class Silence {
  readonly #start: () => Timer
  #timer: Timer

  constructor(clock: Clock, ms: number, act: () => void) {
    this.#start = () => clock.after(ms, act)
    this.#timer = this.#start()
  }

  heard(): void {
    this.#timer.cancel()
    this.#timer = this.#start()
  }

  end(): void {
    this.#timer.cancel()
  }
}

async function* textOf(response: IncomingMessage, origin: string, silence: Silence): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  try {
    for await (const chunk of response) {
      silence.heard()
      yield decoder.decode(chunk as Uint8Array, { stream: true })
    }
  } catch (thrown) {
    throw cut(origin, thrown)
  } finally {
    silence.end()
  }
}

/**
 * Opens a stream on a connection of its own, which does not keep the process alive. Aborting the signal cuts it.
 * @throws SecretsError `unavailable` where there is no answer, or the stream is cut.
 */
export const openStream = async (call: EventSourceCall): Promise<OpenStream> => {
  const { endpoint, target, headers, ca, clientCertificate, signal, clock, silenceMs } = call
  // Loaded here: `node:http` costs some 20 ms, which an import of this module should not.
  const { request: begin } = endpoint.secure ? await import('node:https') : await import('node:http')
  const { hostname, port, origin, host } = endpoint
  const tls = { ...(ca !== undefined && { ca }), ...clientCertificate }
  const options: RequestOptions = {
    hostname,
    port,
    path: target,
    headers: { ...headers, host },
    agent: false,
    signal,
    ...tls,
  }
  return new Promise((resolve, reject) => {
    const request = beginOrCut(() => begin(options), origin)
    const silence = new Silence(clock, silenceMs, () => request.destroy())
    request.on('socket', (socket) => socket.unref())
    request.on('error', (thrown) => {
      silence.end()
      reject(cut(origin, thrown))
    })
    request.on('response', (response) => {
      const { statusCode: status = 0, headers: answered } = response
      resolve({ status, retryAfter: answered['retry-after'], pieces: textOf(response, origin, silence) })
    })
    request.end()
  })
}
