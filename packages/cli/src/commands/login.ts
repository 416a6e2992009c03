import { serviceTls } from '@keyplane/secrets/providers'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { type ServiceFlags, serviceUrl } from '../login/ask-service.ts'
import { lifeOf, Logins } from '../login/logins.ts'
import { type PasswordFlags, readPassword } from '../login/read-password.ts'
import { ServiceApi } from '../login/service-api.ts'
import { UsageError } from '../usage-error.ts'

interface LoginFlags extends ServiceFlags, PasswordFlags {
  readonly user?: string
  readonly environment?: string
}

interface Begun {
  readonly token: string
  readonly expiresAt: string
  readonly user: string
  readonly roles: readonly string[]
}

/** `keyplane login`: a session at a service, whose token is kept for the commands and programs that come. */
export const login: Command<LoginFlags> = async (context, _args, flags) => {
  const { env, folder, terminal, clock, random } = context
  const logins = new Logins(env)
  const api = new ServiceApi({ service: serviceUrl({ env, folder }, flags), clock, tls: await serviceTls({ env }) })
  try {
    const before = logins.of(api.service)
    const user = flags.user ?? before?.user
    if (user === undefined) throw new UsageError('Who? keyplane login --user NAME')
    const password = await readPassword(context, flags)
    const begun = await api.ask<Begun>('/v1/sessions', { method: 'POST', body: { user, password } })
    const { expiresAt, roles, token } = begun
    const environment = flags.environment ?? before?.environment
    logins.keep({ service: api.service, user, environment, ...lifeOf(expiresAt, clock.nowMs()) }, token, random)
    const tokenFile = logins.tokenFile(api.service)
    if (terminal.json) terminal.data(JSON.stringify({ service: api.service, user, roles, expiresAt, tokenFile }))
    else
      terminal.words(
        `${terminal.style('green', '✓')} ${user} is logged in at ${api.service} until ${expiresAt}.\nFor programs: KEYPLANE_SERVICE_TOKEN_FILE=${tokenFile}`,
      )
    return exitCodes.ok
  } finally {
    api.close()
  }
}
