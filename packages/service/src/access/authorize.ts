import { SecretsError } from '@keyplane/core'
import type { Client } from './clients.ts'
import { type AccessRequest, isAllowed } from './decide.ts'

/** What a caller is told who may not: what he asked for, and nothing of roles, nor whether there is such a thing. */
export const refusal = ({ environment, tool }: AccessRequest): SecretsError =>
  new SecretsError(
    'access_denied',
    `You may not read the configuration of ${JSON.stringify(tool)} in ${JSON.stringify(environment)}.`,
  )

/** Ends where the client may not; ask it before anything is looked for. @throws SecretsError `access_denied`. */
export const authorize = ({ roles }: Client, request: AccessRequest): void => {
  if (!isAllowed(request, roles)) throw refusal(request)
}
