import { globMatches } from '@keyplane/core'
import type { RoleConfig, RuleConfig } from '../config/service-config.ts'
import type { Action } from './actions.ts'

/** What a caller wants. */
export interface AccessRequest {
  readonly action: Action
  readonly environment: string
  readonly tool: string
}

/** What is the whole service's, and no environment's: only globs that match everything match it. */
export const wholeService = { environment: '*', tool: '*' } as const

/** Whether these roles let a caller do it: one of them has to allow it, and none may deny it. */
export const isAllowed = (request: AccessRequest, roles: readonly RoleConfig[]): boolean => {
  const holds = (rule: RuleConfig): boolean => ruleHolds(rule, request)
  return !roles.some(({ deny }) => deny.some(holds)) && roles.some(({ allow }) => allow.some(holds))
}

const ruleHolds = (rule: RuleConfig, { action, environment, tool }: AccessRequest): boolean =>
  matchesAny(rule.actions, action) && matchesAny(rule.environments, environment) && matchesAny(rule.tools, tool)

const matchesAny = (globs: readonly string[], name: string): boolean => globs.some((glob) => globMatches(glob, name))
