import type { ErrorCode } from '@keyplane/core'

/** What a status says by itself, where the answer's body is none of the service's own. */
export const failureOfStatus = (status: number): { readonly code: ErrorCode; readonly reason?: string } => {
  if (status === 401) return { code: 'unauthenticated' }
  if (status === 403) return { code: 'access_denied' }
  // Only the service's own words are an absence: anything behind the address may answer 404.
  if (status === 404) return { code: 'source_misconfigured', reason: 'not_a_service' }
  if (status === 408 || status === 504) return { code: 'timeout' }
  if (status === 429) return { code: 'rate_limited' }
  return { code: status >= 500 ? 'unavailable' : 'bad_response' }
}
