import { SecretsError } from '@keyplane/core'
import type { Authenticate } from '../access/authenticate.ts'
import type { Client } from '../access/clients.ts'
import type { SessionClient, Sessions } from '../sessions/sessions.ts'

export interface OwnSessionParts {
  readonly authenticate: Authenticate
  readonly sessions: Sessions
}

/** Who asks, by a session of his. @throws SecretsError `invalid_request` for who shows a key. */
export const ownSession = (client: Client): SessionClient => {
  if (client.session) return client as SessionClient
  throw new SecretsError('invalid_request', 'That is for who logged in; a key has no session.')
}
