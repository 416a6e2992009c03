import { SecretsError, type SecretsErrorOptions } from '@keyplane/core'
import { type HttpAnswer, retryAfterMs } from '@keyplane/http'
import { type AwsErrorAnswer, errorCodeOfAws } from './classify-error.ts'

export interface UpstreamContext {
  /** `aws-json-1.1` or `aws-query`. */
  readonly protocol: string
  readonly operation: string
  readonly source: string
  readonly nowMs: number
}

/** Statuses that speak for themselves, whoever sent them: a proxy's 403 is a refusal without AWS's body. */
const telling = (status: number): boolean => status >= 500 || [401, 403, 408, 429].includes(status)

/** An error answer as a `SecretsError`, with AWS's own name, status and message kept word for word in `upstream`. */
export const upstreamError = (
  answer: HttpAnswer,
  { name, message }: Omit<AwsErrorAnswer, 'status'>,
  { protocol, operation, source, nowMs }: UpstreamContext,
): SecretsError => {
  const { status } = answer
  const waitMs = retryAfterMs(answer.headers['retry-after'], nowMs)
  const shared: SecretsErrorOptions = { source, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) }
  if (name === '' && !telling(status))
    return new SecretsError(
      'bad_response',
      `${operation}: HTTP ${status} with a body that is no answer of AWS.`,
      shared,
    )
  const { code, reason } = errorCodeOfAws({ name, status, message })
  const said = name === '' ? `HTTP ${status}` : `${name}${message === '' ? '' : `: ${message}`}`
  return new SecretsError(code, `${operation}: AWS answered ${said}`, {
    ...shared,
    ...(reason === undefined ? {} : { reason }),
    upstream: { protocol, code: name, status, message },
  })
}
