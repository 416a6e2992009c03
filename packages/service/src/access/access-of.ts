import type { RoleConfig, ServiceConfig } from '../config/service-config.ts'
import { type Action, actions } from './actions.ts'
import { isAllowed, wholeService } from './decide.ts'

/** What somebody may do. */
export interface Access {
  /** To the service as a whole. */
  readonly actions: Action[]
  /** The tools whose configuration he may read; environments without any are left out. */
  readonly access: { readonly environment: string; readonly tools: string[] }[]
}

export const accessOf = (roles: readonly RoleConfig[], environments: ServiceConfig['environments']): Access => ({
  actions: actions.filter((action) => action !== 'configuration:read' && isAllowed({ action, ...wholeService }, roles)),
  access: [...environments.values()].flatMap(({ name: environment, tools: named }) => {
    const tools = [...named.keys()].filter((tool) =>
      isAllowed({ action: 'configuration:read', environment, tool }, roles),
    )
    return tools.length > 0 ? [{ environment, tools }] : []
  }),
})
