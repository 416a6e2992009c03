import { SecretsError } from '@keyplane/core'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { askService, type ServiceFlags } from '../login/ask-service.ts'
import type { Whoami } from '../login/whoami-answer.ts'

/** `keyplane tool list [ENVIRONMENT]`: the tools whose configuration one may read; no value is asked for. */
export const toolList: Command<ServiceFlags> = (context, [named], flags) =>
  askService(context, flags, async ({ api, environment: usual }) => {
    const { terminal } = context
    const wanted = named ?? usual
    const { access } = await api.ask<Whoami>('/v1/whoami')
    const found = access.filter(({ environment }) => wanted === undefined || environment === wanted)
    if (named !== undefined && found.length === 0)
      throw new SecretsError('access_denied', `You may read no tool in ${JSON.stringify(named)}.`)
    const names = found.flatMap(({ environment, tools }) => tools.map((tool) => `${environment}/${tool}`))
    if (terminal.json) terminal.data(JSON.stringify(names))
    else if (names.length > 0) terminal.data(names.join('\n'))
    else terminal.words('You may read no tool there.')
    return exitCodes.ok
  })
