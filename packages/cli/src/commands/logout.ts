import { SecretsError } from '@keyplane/core'
import { serviceTls } from '@keyplane/secrets/providers'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type ServiceFlags, serviceUrl } from '../login/ask-service.ts'
import { Logins } from '../login/logins.ts'
import { ServiceApi } from '../login/service-api.ts'

/** `keyplane logout`: ends the session at the service, then forgets its token. */
export const logout: Command<ServiceFlags> = async ({ env, folder, terminal, clock }, _args, flags) => {
  const logins = new Logins(env)
  const login = logins.of(serviceUrl({ env, folder }, flags))
  if (!login) {
    terminal.words('Nobody is logged in there.')
    return exitCodes.ok
  }
  const api = new ServiceApi({
    service: login.service,
    token: logins.tokenOf(login),
    clock,
    tls: await serviceTls({ env }),
  })
  try {
    await api.call('/v1/sessions/current', { method: 'DELETE' })
  } catch (thrown) {
    // It has ended already. Of a service that can't be asked the token is kept: it is still good.
    if (!(thrown instanceof SecretsError) || thrown.code !== 'unauthenticated') throw thrown
  } finally {
    api.close()
  }
  logins.forget(login)
  terminal.words(`${terminal.style('green', '✓')} ${login.user} is logged out at ${login.service}.`)
  return exitCodes.ok
}
