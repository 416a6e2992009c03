import { isSessionToken } from '../sessions/session-token.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { CallerDirectory } from './identify.ts'

/** These callers, and whoever is logged in, by his token. */
export const withLogins = (callers: CallerDirectory, sessions: Pick<Sessions, 'find'>): CallerDirectory => ({
  find: (key) => (isSessionToken(key) ? sessions.find(key) : callers.find(key)),
  certified: (names) => callers.certified(names),
})
