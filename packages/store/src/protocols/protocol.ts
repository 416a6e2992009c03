import type { AwsError } from '../aws-errors.ts'
import type { Operation } from '../operation.ts'

/** A request as it came, with its body read. */
export interface AppRequest {
  readonly method: string
  /** The request line's target: `/path?query`. */
  readonly target: string
  /** Names and values by turns. */
  readonly rawHeaders: readonly string[]
  /** By lower-case name, the first value of each. */
  readonly header: (name: string) => string | undefined
  readonly body: Uint8Array
  /** The address that it came from. */
  readonly sourceIp: string
}

export interface AppAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** How a service refuses a call. */
export interface Refusal {
  /** What the service calls the error. */
  readonly error: string
  readonly answer: AppAnswer
}

/** How a service's calls are told apart, and its answers written. */
export interface Protocol {
  /** The service that a request has to be signed for. */
  readonly service: string
  /** The operation that a request names, if there is such a one. */
  readonly operation: (request: AppRequest) => Operation | undefined
  /** The input's members. @throws AwsError SerializationException */
  readonly members: (request: AppRequest) => unknown
  readonly answer: (output: object, requestId: string, request: AppRequest) => AppAnswer
  readonly refusal: (error: AwsError, requestId: string) => Refusal
}
