import type { ErrorCode } from '@keyplane/core'
import { httpStatus } from '../error-status.ts'
import { titleOfStatus } from './status-title.ts'

/** Why the service itself did not answer a request. */
export interface ServiceErrorAnswer {
  readonly code: ErrorCode
  readonly message: string
  /** The request's id, which the service's audit records have too. */
  readonly requestId?: string
}

/** Of an error's body. @see https://www.rfc-editor.org/rfc/rfc9457 */
export const problemType = 'application/problem+json'

/**
 * The error's body, problem details: `code` says which error it is, for all of Keyplane, so that `type` is about:blank.
 * The status is the code's, unless it is given.
 */
export const encodeServiceError = (
  { code, message, requestId }: ServiceErrorAnswer,
  status: number = httpStatus[code],
): string =>
  JSON.stringify({ type: 'about:blank', title: titleOfStatus(status), status, detail: message, code, requestId })

/** The service's error in a body; nothing where the body is none of its own. */
export const parseServiceError = (body: string): ServiceErrorAnswer | undefined => {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return undefined
  }
  const members = typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : {}
  const { code, detail, requestId } = members
  if (typeof code !== 'string' || typeof detail !== 'string' || !Object.hasOwn(httpStatus, code)) return undefined
  return { code: code as ErrorCode, message: detail, ...(typeof requestId === 'string' && { requestId }) }
}
