import { type Clock, SecretsError, systemClock } from '@keyplane/core'
import { type HttpAnswer, type HttpClient, httpClient } from '@keyplane/http'
import { awaitCredentials } from './await-credentials.ts'
import type { AwsCredentialSource, AwsCredentials } from './credentials.ts'
import { partitionOf } from './partition.ts'
import type { SecretsManagerOperations } from './shapes/operations.ts'
import { signRequest } from './sigv4/sign.ts'
import { SigningKeyCache } from './sigv4/signing-key.ts'
import { upstreamError } from './upstream-error.ts'

/** Operations by name, each with what it takes and gives. */
export type OperationShapes = { readonly [operation: string]: { readonly input: object; readonly output: object } }

export interface AwsClientOptions {
  readonly region: string
  /** Default: the service's endpoint in the region. Plain http goes to this machine only. */
  readonly endpoint?: string
  readonly credentials: AwsCredentialSource
  /** Lets plain http go to other machines. */
  readonly allowInsecureHttp?: boolean
  /** PEM certificates to trust in place of the built-in ones. */
  readonly ca?: string
  /** Default `keyplane`. */
  readonly userAgent?: string
  readonly clock?: Clock
  /** From the call, its credentials included, to the answer's last byte. Default 30,000. */
  readonly timeoutMs?: number
  /** Default 10 MiB. */
  readonly maxAnswerBytes?: number
  /** The provider's name, for errors. Default `aws`. */
  readonly source?: string
}

export interface AwsJsonClientOptions extends AwsClientOptions {
  /** Default `secretsmanager`. */
  readonly service?: string
  /** What stands before the operation in `X-Amz-Target`. Default: the service. */
  readonly targetPrefix?: string
}

export interface AwsCallOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

export interface AwsJsonClient<Operations extends { readonly [O in keyof Operations]: OperationShapes[string] }> {
  readonly region: string
  /**
   * One signed call. A read is repeated where the kept connection dies at its reuse; all else is sent once, over a
   * connection of its own. The answer is an object; its members are not checked.
   * @throws SecretsError what AWS said, by `errorCodeOfAws`, with `upstream`; `unavailable`, `timeout`, `bad_response`.
   */
  call<Operation extends keyof Operations & string>(
    operation: Operation,
    input: Operations[Operation]['input'],
    options?: AwsCallOptions,
  ): Promise<Operations[Operation]['output']>
  /** Cuts every connection; calls under way fail with `closed`, later ones too. */
  close(): void
}

const parseObject = (body: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined
  } catch {
    // The parser's message quotes the text, which may hold a value.
    return undefined
  }
}

const firstText = (...candidates: readonly unknown[]): string =>
  candidates.find((candidate): candidate is string => typeof candidate === 'string') ?? ''

/** `com.amazonaws…#Name` and `Name:http://…` as `Name`. */
const bareName = (name: string): string => name.split(':')[0]?.split('#').at(-1) ?? ''

/** What a service says of a value it refuses could quote it. */
const withoutValues = (message: string, input: object): string => {
  let masked = message
  for (const member of ['SecretString', 'SecretBinary', 'Value'] as const) {
    const value: unknown = (input as Readonly<Record<string, unknown>>)[member]
    if (typeof value === 'string' && value !== '') masked = masked.replaceAll(value, '[secret]')
  }
  return masked
}

/** By AWS's names: what is not known to read may write. */
const isRead = (operation: string): boolean => /^(?:BatchGet|Describe|Get|List)[A-Z]/.test(operation)

const isForgettable = (error: SecretsError): boolean =>
  error.code === 'unauthenticated' && (error.reason === 'expired_token' || error.reason === 'unknown_key')

class JsonClient<Operations extends OperationShapes> implements AwsJsonClient<Operations> {
  readonly region: string
  readonly #options: AwsJsonClientOptions
  readonly #service: string
  readonly #source: string
  readonly #clock: Clock
  readonly #http: HttpClient
  readonly #closing = new AbortController()
  readonly #signingKeys = new SigningKeyCache({ maxKeys: 8 })

  constructor(options: AwsJsonClientOptions) {
    this.region = options.region
    this.#options = options
    this.#service = options.service ?? 'secretsmanager'
    this.#source = options.source ?? 'aws'
    this.#clock = options.clock ?? systemClock
    const endpoint =
      options.endpoint ?? `https://${this.#service}.${options.region}.${partitionOf(options.region).dnsSuffix}`
    this.#http = httpClient({ ...options, endpoint, source: this.#source, clock: this.#clock })
  }

  async call<Operation extends keyof Operations & string>(
    operation: Operation,
    input: Operations[Operation]['input'],
    options: AwsCallOptions = {},
  ): Promise<Operations[Operation]['output']> {
    const { credentials, timeoutMs } = await awaitCredentials(this.#options.credentials, {
      clock: this.#clock,
      source: this.#source,
      timeoutMs: options.timeoutMs ?? this.#options.timeoutMs ?? 30_000,
      signals: [options.signal, this.#closing.signal],
    })
    const body = JSON.stringify(input)
    const headers = this.#sign(operation, body, credentials)
    const call = { method: 'POST', target: '/', headers, body, repeatable: isRead(operation) }
    const answer = await this.#http.send({ ...call, ...(options.signal && { signal: options.signal }), timeoutMs })
    if (answer.status !== 200) throw this.#refused(operation, input, answer, credentials)
    const members = parseObject(answer.body)
    if (!members)
      throw new SecretsError('bad_response', `${operation}: the answer is not a JSON object.`, { source: this.#source })
    return members as Operations[Operation]['output']
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    const { origin } = this.#http.endpoint
    this.#closing.abort(new SecretsError('closed', `The client of ${origin} was closed.`, { source: this.#source }))
    this.#http.close()
  }

  #sign(operation: string, body: string, credentials: AwsCredentials): Readonly<Record<string, string>> {
    const headers = {
      host: this.#http.endpoint.host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `${this.#options.targetPrefix ?? this.#service}.${operation}`,
    }
    const signature = signRequest({
      method: 'POST',
      target: '/',
      headers,
      body,
      credentials,
      region: this.region,
      service: this.#service,
      atMs: this.#clock.nowMs(),
      signingKeys: this.#signingKeys,
    })
    return { ...headers, ...signature, 'user-agent': this.#options.userAgent ?? 'keyplane' }
  }

  #refused(operation: string, input: object, answer: HttpAnswer, credentials: AwsCredentials): SecretsError {
    const members = parseObject(answer.body) ?? {}
    const name = bareName(firstText(members['__type'], answer.headers['x-amzn-errortype']))
    const message = withoutValues(firstText(members['message'], members['Message']), input)
    const context = {
      protocol: 'aws-json-1.1',
      operation,
      source: this.#source,
      nowMs: this.#clock.nowMs(),
      credentials,
    }
    const error = upstreamError(answer, { name, message }, context)
    if (isForgettable(error)) this.#options.credentials.forget?.()
    return error
  }
}

/**
 * A client of AWS's JSON 1.1 protocol, signed with SigV4; by default of Secrets Manager.
 * @throws SecretsError `config_invalid` where the endpoint is none.
 */
export const awsJsonClient = <
  Operations extends { readonly [O in keyof Operations]: OperationShapes[string] } = SecretsManagerOperations,
>(
  options: AwsJsonClientOptions,
): AwsJsonClient<Operations> => new JsonClient(options) as unknown as AwsJsonClient<Operations>
