import { spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import type { AwsCredentials } from '@keyplane/aws'

export type Service = 'secretsmanager' | 'sts' | 'kms' | 'ssm'

/** What a client is asked: an operation of the API, with its input as the API names its members; blobs in base64. */
export interface ClientCall {
  readonly service: Service
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
  readonly keys: AwsCredentials
  readonly region: string
}

/** What the client made of the answer, in the API's names; `type` is the class of what it threw. */
export interface ClientAnswer {
  readonly output?: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: string; readonly type: string; readonly message: string }
  /** Its version does not know this operation. */
  readonly unknown?: boolean
}

/** A client of AWS's. The endpoint is all that it is told besides keys and region. */
export interface AwsClient {
  readonly version: string
  send(call: ClientCall): Promise<ClientAnswer>
  close(): Promise<void>
}

/** Some languages write what is not there as null, which the API never says. */
const withoutNull = (_name: string, value: unknown): unknown => value ?? undefined

/** A client in another language: a program that reads a call a line and writes its answer a line. */
export class ProgramClient implements AwsClient {
  readonly #lines: Interface
  readonly #answers: AsyncIterator<string>
  readonly #child
  readonly version: string
  #complaints = ''

  constructor(command: readonly [string, ...string[]], options: { readonly version: string; readonly env: object }) {
    this.version = options.version
    const [program, ...args] = command
    this.#child = spawn(program, args, { stdio: 'pipe', env: { ...options.env } })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#complaints += text))
    this.#lines = createInterface({ input: this.#child.stdout })
    this.#answers = this.#lines[Symbol.asyncIterator]()
  }

  async send(call: ClientCall): Promise<ClientAnswer> {
    this.#child.stdin.write(`${JSON.stringify(call)}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error(`The client ended at ${call.operation}: ${this.#complaints}`)
    return JSON.parse(value, withoutNull) as ClientAnswer
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin.end()
    await ended
  }
}
