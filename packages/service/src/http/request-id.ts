import { type Random, uuid } from '@keyplane/core'

const isTakeable = (id: unknown): id is string => typeof id === 'string' && /^[\w.-]{1,128}$/.test(id)

/** The id that the caller gave by `X-Request-Id`: up to 128 of A-Z, a-z, 0-9, `.`, `_` and `-`; otherwise a new one. */
export const requestIdOf = (given: unknown, random: Random): string => (isTakeable(given) ? given : uuid(random))
