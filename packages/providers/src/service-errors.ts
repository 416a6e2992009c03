import { type ErrorCode, SecretsError, type SecretsErrorOptions } from '@keyplane/core'
import { quotable, retryAfterMs } from '@keyplane/http'
import { failureOfStatus, parseServiceError } from '@keyplane/protocol'

/** Codes that say how it stands with this process, not with the service. */
const ownCodes: readonly ErrorCode[] = ['closed', 'config_invalid', 'internal']

const maxMessage = 1_000

export interface ServiceErrorContext {
  readonly retryAfter: string | undefined
  readonly nowMs: number
  /** What the service was asked with. */
  readonly token: string
}

/** A refusal or failure of the service itself, in up to 1,000 characters of its words, without the token. */
export const serviceError = (
  status: number,
  body: string,
  { retryAfter, nowMs, token }: ServiceErrorContext,
): SecretsError => {
  const said = parseServiceError(body)
  const waitMs = retryAfterMs(retryAfter, nowMs)
  const shared: SecretsErrorOptions = { source: 'service', ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) }
  if (!said) {
    const { code, reason } = failureOfStatus(status)
    const options = { ...shared, ...(reason === undefined ? {} : { reason }) }
    return new SecretsError(code, `The service answered HTTP ${status}.`, options)
  }
  const message = quotable(said.message, { hidden: [token], maxLength: maxMessage })
  const upstream = { protocol: 'keyplane-service', code: said.code, status, message }
  const code = ownCodes.includes(said.code) ? 'unavailable' : said.code
  return new SecretsError(code, `The service answered ${said.code}: ${message}`, { ...shared, upstream })
}

/** A secret that the service could not give although it answered for the tool. */
export const memberError = (id: string, code: ErrorCode): SecretsError =>
  new SecretsError(
    ownCodes.includes(code) ? 'unavailable' : code,
    `The service could not get ${JSON.stringify(id)} from its source (${code}).`,
    { source: 'service', reason: 'upstream' },
  )
