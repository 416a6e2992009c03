import { SecretsError, uuid } from '@keyplane/core'
import type { Command, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { askService, type ServiceFlags } from '../login/ask-service.ts'
import { type PasswordFlags, readPassword, readPasswordChange } from '../login/read-password.ts'
import type { ServiceApi } from '../login/service-api.ts'
import { table } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

interface UserFlags extends ServiceFlags, PasswordFlags {
  readonly role?: readonly string[]
}

interface User {
  readonly name: string
  readonly roles: readonly string[]
  readonly enabled: boolean
}

const userPath = (name: string): string => `/v1/users/${encodeURIComponent(name)}`

/** `keyplane service user list`. */
export const userList: Command<ServiceFlags> = (context, _args, flags) =>
  askService(context, flags, async ({ api }) => {
    const { users } = await api.ask<{ readonly users: readonly User[] }>('/v1/users')
    const { terminal } = context
    if (terminal.json) terminal.data(JSON.stringify(users))
    else if (users.length === 0) terminal.words('There are no users yet.')
    else terminal.data(table(users.map(({ name, roles, enabled }) => [name, roles.join(', '), enabled ? '' : 'off'])))
    return exitCodes.ok
  })

/** `keyplane service user add NAME --role ROLE`. */
export const userAdd: Command<UserFlags> = (context, [name = ''], flags) =>
  askService(context, flags, async ({ api }) => {
    if (await isThere(api, name))
      throw new SecretsError(
        'conflict',
        `There is a user ${JSON.stringify(name)} already; another password for him: keyplane service user password ${name}`,
      )
    const password = await readPassword(context, flags, { isNew: true })
    await write(context, api, name, { password, roles: flags.role ?? [] })
    return told(context, `${name} can log in: keyplane login --service ${api.service} --user ${name}`)
  })

/** `keyplane service user set NAME`: other roles, on or off. */
export const userSet: Command<UserFlags & { readonly on?: boolean; readonly off?: boolean }> = (
  context,
  [name = ''],
  { role, on, off, ...flags },
) => {
  if (on && off) throw new UsageError('On or off? Name one of --on and --off.')
  if (!role && !on && !off) throw new UsageError('What is to be otherwise? Name --role, --on or --off.')
  return askService(context, flags, async ({ api }) => {
    await api.ask(userPath(name))
    await write(context, api, name, { ...(role && { roles: role }), ...((on || off) && { enabled: Boolean(on) }) })
    return told(context, `${name} is changed; that holds at once.`)
  })
}

/** `keyplane service user password [NAME]`: without a name one's own. */
export const userPassword: Command<UserFlags> = (context, [name], flags) =>
  askService(context, flags, async ({ api }) => {
    if (name === undefined) {
      await api.call('/v1/whoami/password', { method: 'PUT', body: await readPasswordChange(context, flags) })
      return told(context, 'Your password is the new one, and you are logged out everywhere: keyplane login')
    }
    await api.ask(userPath(name))
    await write(context, api, name, { password: await readPassword(context, flags, { isNew: true }) })
    return told(context, `${name} has a new password, and is logged out everywhere.`)
  })

/** `keyplane service user remove NAME`. */
export const userRemove: Command<ServiceFlags> = (context, [name = ''], flags) =>
  askService(context, flags, async ({ api }) => {
    await api.call(userPath(name), { method: 'DELETE', idempotencyKey: uuid(context.random) })
    return told(context, `${name} is removed, and logged out everywhere.`)
  })

const isThere = (api: ServiceApi, name: string): Promise<boolean> =>
  api.call(userPath(name)).then(
    () => true,
    (thrown: unknown) => {
      if (thrown instanceof SecretsError && thrown.code === 'secret_not_found') return false
      throw thrown
    },
  )

const write = ({ random }: Context, api: ServiceApi, name: string, body: object): Promise<object> =>
  api.ask(userPath(name), { method: 'PUT', body, idempotencyKey: uuid(random) })

const told = ({ terminal }: Context, what: string): number => {
  terminal.words(`${terminal.style('green', '✓')} ${what}`)
  return exitCodes.ok
}
