import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { askService, type ServiceFlags } from '../login/ask-service.ts'
import type { Whoami } from '../login/whoami-answer.ts'
import { table } from '../terminal.ts'

/** `keyplane whoami`: who a service takes one for, and what he may do there. */
export const whoami: Command<ServiceFlags> = (context, _args, flags) =>
  askService(context, flags, async ({ api }) => {
    const who = await api.ask<Whoami>('/v1/whoami')
    const { terminal } = context
    if (terminal.json) terminal.data(JSON.stringify({ service: api.service, ...who }))
    else
      terminal.data(
        table([
          ['service', api.service],
          [who.kind === 'session' ? 'user' : 'client', who.name],
          ['roles', who.roles.join(', ')],
          ...(who.expiresAt === undefined ? [] : [['until', who.expiresAt]]),
          ...(who.actions.length > 0 ? [['actions', who.actions.join(', ')]] : []),
          ...who.access.map(({ environment, tools }) => [environment, tools.join(', ')]),
        ]),
      )
    return exitCodes.ok
  })
