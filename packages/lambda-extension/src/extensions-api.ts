import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { SecretsError } from '@keyplane/core'

/** What Lambda tells an extension. */
export type ExtensionEvent =
  | { readonly kind: 'INVOKE' }
  /** The environment ends; what is left at the deadline, epoch milliseconds, is killed. */
  | { readonly kind: 'SHUTDOWN'; readonly deadlineAtMs: number }

interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly body?: string
}

interface Answer {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const maxBytes = 1_000_000

/**
 * Lambda's Extensions API, for one extension. Nothing bounds a call in time: the next event may be hours away, and the
 * process is frozen meanwhile.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
 */
export class ExtensionsApi {
  readonly #hostname: string
  readonly #port: number
  #identifier: string | undefined

  /** @param runtimeApi Host and port, as `AWS_LAMBDA_RUNTIME_API` has it. */
  constructor(runtimeApi: string) {
    const { hostname, port } = new URL(`http://${runtimeApi}`)
    this.#hostname = hostname
    this.#port = Number(port || 80)
  }

  /** @param name The extension's file name. @throws SecretsError where Lambda does not take it. */
  async register(name: string): Promise<void> {
    const { headers } = await this.#call({
      method: 'POST',
      path: 'register',
      headers: { 'Lambda-Extension-Name': name, 'Content-Type': 'application/json' },
      body: JSON.stringify({ events: ['INVOKE', 'SHUTDOWN'] }),
    })
    const identifier = headers['lambda-extension-identifier']
    if (typeof identifier !== 'string' || identifier === '') throw malformed('register')
    this.#identifier = identifier
  }

  /** Waits for the next event; it also says that the extension is done with the last one. */
  async next(): Promise<ExtensionEvent> {
    const { body } = await this.#call({ method: 'GET', path: 'event/next', headers: this.#identified() })
    const event = parsed(body)
    if (event['eventType'] === 'INVOKE') return { kind: 'INVOKE' }
    const { deadlineMs } = event
    if (event['eventType'] !== 'SHUTDOWN' || typeof deadlineMs !== 'number') throw malformed('event/next')
    return { kind: 'SHUTDOWN', deadlineAtMs: deadlineMs }
  }

  /** Tells why the extension could not begin. */
  async initError(error: SecretsError): Promise<void> {
    await this.#tell('init/error', error)
  }

  /** Tells why it ends. */
  async exitError(error: SecretsError): Promise<void> {
    await this.#tell('exit/error', error)
  }

  async #tell(path: string, { code, message }: SecretsError): Promise<void> {
    const errorType = `Extension.${code}`
    await this.#call({
      method: 'POST',
      path,
      headers: {
        ...this.#identified(),
        'Lambda-Extension-Function-Error-Type': errorType,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ errorMessage: message, errorType, stackTrace: [] }),
    })
  }

  #identified(): OutgoingHttpHeaders {
    if (this.#identifier === undefined) throw new SecretsError('internal', 'The extension is not registered.')
    return { 'Lambda-Extension-Identifier': this.#identifier }
  }

  #call({ method, path, headers, body = '' }: Call): Promise<Answer> {
    const [hostname, port] = [this.#hostname, this.#port]
    const options = { hostname, port, method, headers, path: `/2020-01-01/extension/${path}`, agent: false as const }
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void =>
        reject(new SecretsError('unavailable', `Lambda's Extensions API did not answer ${path}.`, { cause }))
      const sent = request(options, (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('error', fail)
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > maxBytes) response.destroy(new Error('The answer is too long.'))
          else chunks.push(chunk)
        })
        response.on('end', () => {
          const { statusCode = 0 } = response
          if (statusCode >= 200 && statusCode < 300)
            resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() })
          else reject(new SecretsError('unavailable', `Lambda's Extensions API answered ${path} with ${statusCode}.`))
        })
      })
      sent.on('error', fail)
      sent.end(body)
    })
  }
}

const malformed = (path: string): SecretsError =>
  new SecretsError('bad_response', `Lambda's Extensions API answered ${path} with something else.`)

const parsed = (body: string): Readonly<Record<string, unknown>> => {
  try {
    const event: unknown = JSON.parse(body)
    if (typeof event === 'object' && event !== null) return event as Record<string, unknown>
  } catch {
    // Told below, without the text.
  }
  throw malformed('event/next')
}
