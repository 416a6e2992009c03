import { isSessionToken } from '../sessions/session-token.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { KeyHolders } from './clients.ts'

/** These clients, and whoever is logged in, by his token. */
export const withLogins = (clients: KeyHolders, sessions: Pick<Sessions, 'find'>): KeyHolders => ({
  find: (key) => (isSessionToken(key) ? sessions.find(key) : clients.find(key)),
})
