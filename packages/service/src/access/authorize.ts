import { SecretsError } from '@keyplane/core'
import type { Client } from './clients.ts'
import { type AccessRequest, isAllowed } from './decide.ts'

/** What a caller is told who may not: what he asked for, and nothing of roles, nor whether there is such a thing. */
export const refusal = ({ action, environment, tool }: AccessRequest): SecretsError => {
  const [place, asked] = [JSON.stringify(environment), JSON.stringify(tool)]
  const what = action === 'health:read' ? `health of ${place}` : `configuration of ${asked} in ${place}`
  return new SecretsError('access_denied', `You may not read the ${what}.`)
}

/** Ends where the client may not; ask it before anything is looked for. @throws SecretsError `access_denied`. */
export const authorize = ({ roles }: Pick<Client, 'roles'>, request: AccessRequest): void => {
  if (!isAllowed(request, roles)) throw refusal(request)
}
