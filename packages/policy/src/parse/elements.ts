import { arnPattern } from '../match/arn.ts'
import { itemPath, type Report, textsAt } from './problems.ts'

export interface ElementContext {
  readonly report: Report
  /** Whether the policy's version knows variables. */
  readonly variables: boolean
}

/** The actions of an `Action` or `NotAction` element. */
export const actionsAt = (value: unknown, path: string, { report }: ElementContext): readonly string[] | undefined => {
  const actions = textsAt(value, path, report)
  for (const [index, action] of (actions ?? []).entries())
    if (!/^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/i.test(action))
      report(itemPath(value, path, index), 'has to be <service>:<action> or *')
  return actions
}

/** The resources of a `Resource` or `NotResource` element. */
export const resourcesAt = (value: unknown, path: string, context: ElementContext): readonly string[] | undefined => {
  const resources = textsAt(value, path, context.report)
  for (const [index, resource] of (resources ?? []).entries()) {
    const problem = resourceProblem(resource, context.variables)
    if (problem !== undefined) context.report(itemPath(value, path, index), problem)
  }
  return resources
}

const resourceProblem = (resource: string, variables: boolean): string | undefined => {
  if (arnPattern(resource, { variables }) === undefined) return 'has to be an ARN of six parts, or *'
  if (variables && /^(?:[^:]*:){0,4}[^:]*\$\{/.test(resource)) return 'may have variables only after the fifth colon'
  return undefined
}
