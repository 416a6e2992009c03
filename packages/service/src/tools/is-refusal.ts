import type { ErrorCode } from '@keyplane/core'

/** Whether a source refused the service's own login: an access that nobody has granted. */
export const isRefusal = (code: ErrorCode): boolean => code === 'access_denied' || code === 'unauthenticated'
