import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Random } from '@keyplane/core'
import type { InvocationResult } from './local-function.ts'

/** One call of a function, as its process is told of it. */
export interface Invocation {
  readonly requestId: string
  readonly event: string
  readonly functionArn: string
  readonly deadlineMs: number
  readonly settle: (result: InvocationResult) => void
}

/**
 * What a function's process asks for its next event, and gives its answers to: Lambda's runtime API, on a loopback port of
 * its own.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  readonly #server: Server
  readonly #waiting: Invocation[] = []
  readonly #running = new Map<string, Invocation>()
  #asking: ServerResponse | undefined
  /** Only the function's process knows where it is: others on this machine reach the port too. */
  readonly #path: string

  private constructor(random: Random) {
    this.#path = `/${Buffer.from(random.bytes(24)).toString('hex')}`
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy())
    })
  }

  static async open(random: Random): Promise<RuntimeApi> {
    const api = new RuntimeApi(random)
    await new Promise<void>((resolve, reject) => {
      api.#server.once('error', reject)
      api.#server.listen({ host: '127.0.0.1', port: 0 }, resolve)
    })
    return api
  }

  /** As `AWS_LAMBDA_RUNTIME_API` wants it. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#path}`
  }

  invoke(invocation: Invocation): void {
    this.#waiting.push(invocation)
    this.#hand()
  }

  /** Settles what waits and what runs. */
  fail(result: InvocationResult): void {
    for (const { settle } of [...this.#waiting.splice(0), ...this.#running.values()]) settle(result)
    this.#running.clear()
    this.#asking = undefined
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #hand(): void {
    const next = this.#asking && this.#waiting.shift()
    if (!next) return
    this.#running.set(next.requestId, next)
    this.#asking?.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': next.requestId,
      'lambda-runtime-deadline-ms': next.deadlineMs,
      'lambda-runtime-invoked-function-arn': next.functionArn,
    })
    this.#asking?.end(next.event)
    this.#asking = undefined
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const base = `${this.#path}/2018-06-01/runtime/`
    if (!request.url?.startsWith(base)) return void response.writeHead(404).end()
    const path = request.url.slice(base.length)
    if (request.method === 'GET' && path === 'invocation/next') {
      this.#asking = response
      response.once('close', () => {
        if (this.#asking === response) this.#asking = undefined
      })
      return this.#hand()
    }
    const payload = await text(request)
    const [, id = '', kind] = /^invocation\/([\w-]+)\/(response|error)$/.exec(path) ?? []
    const invocation = this.#running.get(id)
    if (path === 'init/error') this.fail({ payload, functionError: 'Unhandled' })
    else if (!invocation) return void response.writeHead(404).end()
    this.#running.delete(id)
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}')
    invocation?.settle({ payload, ...(kind === 'error' && { functionError: 'Unhandled' as const }) })
  }
}
