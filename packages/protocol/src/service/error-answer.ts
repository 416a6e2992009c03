import type { ErrorCode } from '@keyplane/core'
import { httpStatus } from '../error-status.ts'

/** Why the service itself did not answer a request. */
export interface ServiceErrorAnswer {
  readonly code: ErrorCode
  readonly message: string
}

/** The error's body: `{ "error": { "code", "message" } }`. */
export const encodeServiceError = ({ code, message }: ServiceErrorAnswer): string =>
  JSON.stringify({ error: { code, message } })

/** The service's error in a body; nothing where the body is none of its own. */
export const parseServiceError = (body: string): ServiceErrorAnswer | undefined => {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return undefined
  }
  const { error } = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as { readonly error?: unknown }
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  if (typeof code !== 'string' || typeof message !== 'string' || !Object.hasOwn(httpStatus, code)) return undefined
  return { code: code as ErrorCode, message }
}
