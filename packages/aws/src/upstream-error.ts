import { SecretsError, type SecretsErrorOptions } from '@keyplane/core'
import { type HttpAnswer, quotable, retryAfterMs } from '@keyplane/http'
import { type AwsErrorAnswer, errorCodeOfAws } from './classify-error.ts'
import type { AwsCredentials } from './credentials.ts'

export interface UpstreamContext {
  /** `aws-json-1.1` or `aws-query`. */
  readonly protocol: string
  readonly operation: string
  readonly source: string
  readonly nowMs: number
  /** What the request was signed with. */
  readonly credentials: AwsCredentials
}

const maxMessage = 4_096
const maxName = 256

/** A refused signature is explained by the request as AWS signs it, with the session token among its headers. */
const canonicalString = /\s*The Canonical String\b[^]*$/

/** Statuses that speak for themselves, whoever sent them: a proxy's 403 is a refusal without AWS's body. */
const telling = (status: number): boolean => status >= 500 || [401, 403, 408, 429].includes(status)

/**
 * An error answer as a `SecretsError`, with AWS's own name, status and message in `upstream`: word for word up to 4,096
 * characters, but for what it echoed of the credentials.
 */
export const upstreamError = (
  answer: HttpAnswer,
  said: Omit<AwsErrorAnswer, 'status'>,
  { protocol, operation, source, nowMs, credentials }: UpstreamContext,
): SecretsError => {
  const { status } = answer
  const hidden = [credentials.sessionToken ?? '', credentials.secretAccessKey]
  const name = quotable(said.name, { hidden, maxLength: maxName })
  const message = quotable(said.message.replace(canonicalString, ''), { hidden, maxLength: maxMessage })
  const waitMs = retryAfterMs(answer.headers['retry-after'], nowMs)
  const shared: SecretsErrorOptions = { source, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) }
  if (name === '' && !telling(status))
    return new SecretsError(
      'bad_response',
      `${operation}: HTTP ${status} with a body that is no answer of AWS.`,
      shared,
    )
  const { code, reason } = errorCodeOfAws({ name, status, message })
  const told = name === '' ? `HTTP ${status}` : `${name}${message === '' ? '' : `: ${message}`}`
  return new SecretsError(code, `${operation}: AWS answered ${told}`, {
    ...shared,
    ...(reason === undefined ? {} : { reason }),
    upstream: { protocol, code: name, status, message },
  })
}
