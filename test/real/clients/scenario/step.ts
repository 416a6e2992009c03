import { expect } from 'vitest'
import type { AwsCredentials } from '@keyplane/aws'
import type { AwsClient, Service } from '../call-client.ts'

export type Output = Readonly<Record<string, unknown>>

/** What all clients are asked, one after the other. A later step may build on an earlier one. */
export interface Step {
  readonly name: string
  readonly run: (use: Use) => Promise<void>
}

interface Where {
  readonly service?: Service
  readonly keys?: AwsCredentials
  readonly region?: string
}

/** An operation that a client's version does not know, and so cannot be asked. */
export class UnknownOperation extends Error {}

export const region = 'eu-west-1'
export const developer: AwsCredentials = {
  accessKeyId: 'AKIADEVELOPER0000001',
  secretAccessKey: 'developer-secret-access-key-01',
}
export const other: AwsCredentials = {
  accessKeyId: 'AKIAOTHER00000000001',
  secretAccessKey: 'others-secret-access-key-0001',
}
export const account = '000000000000'
export const otherAccount = '111111111111'

/** A client in a step: what it may ask, and the notes of which operations it was answered. */
export class Use {
  readonly #client: AwsClient
  readonly #asked = new Set<string>()
  /** Operations of Secrets Manager that this client was answered rightly, or does not know. */
  readonly operations: Map<string, 'verified' | 'unknown'> = new Map()
  /** Begins the names of all its secrets. */
  readonly prefix: string
  readonly webIdentityToken: string

  constructor(client: AwsClient, options: { readonly prefix: string; readonly webIdentityToken: string }) {
    this.#client = client
    this.prefix = options.prefix
    this.webIdentityToken = options.webIdentityToken
  }

  /** An answer. Fails the step where it is a refusal. */
  async ok(operation: string, input: Output, where: Where = {}): Promise<Output> {
    const { output, error } = await this.#send(operation, input, where)
    if (error) throw new Error(`${operation}: ${error.code}: ${error.message}`)
    return output ?? {}
  }

  /** A refusal's name and message; of an error that the API's model has, in the client's own class for it. */
  async refused(operation: string, input: Output, where: Where = {}): Promise<string> {
    const { error } = await this.#send(operation, input, where)
    if (!error) throw new Error(`${operation} was not refused`)
    // Java's classes all end in Exception.
    if (modelled.has(error.code)) expect([error.code, `${error.code}Exception`]).toContain(error.type)
    return `${error.code}: ${error.message}`
  }

  /** Runs a step. What it asked has then been answered rightly. */
  async run(step: Step): Promise<void> {
    this.#asked.clear()
    await step.run(this)
    for (const operation of this.#asked) this.operations.set(operation, 'verified')
  }

  async #send(operation: string, input: Output, where: Where) {
    const { service = 'secretsmanager', keys = developer } = where
    const call = { service, operation, input, keys, region: where.region ?? region }
    const answer = await this.#client.send(call)
    const own = service === 'secretsmanager'
    if (answer.unknown) {
      if (own) this.operations.set(operation, 'unknown')
      throw new UnknownOperation(operation)
    }
    if (own) this.#asked.add(operation)
    return answer
  }
}

/** Errors of Secrets Manager's model; each SDK has a class for each. */
const modelled = new Set([
  'DecryptionFailure',
  'EncryptionFailure',
  'InvalidNextTokenException',
  'InvalidParameterException',
  'InvalidRequestException',
  'LimitExceededException',
  'MalformedPolicyDocumentException',
  'PreconditionNotMetException',
  'PublicPolicyException',
  'ResourceExistsException',
  'ResourceNotFoundException',
])

/** A moment as a client wrote it down, in milliseconds. */
export const momentOf = (value: unknown): number =>
  typeof value === 'number' ? value * 1_000 : Date.parse(String(value))

/** A token that is long enough. */
export const tokenOf = (name: string): string => name.padEnd(36, '-')
