import type { CompiledStatement } from './compiled-policy.ts'
import type { Condition } from './conditions/condition.ts'
import { type ArnParts, arnParts } from './match/arn.ts'
import type { Reach } from './match/reach.ts'
import type { AccessRequest } from './request.ts'

/** A request as statements are asked about it. */
export interface Question {
  readonly request: AccessRequest
  /** In lower case. */
  readonly action: string
  readonly resource: ArnParts | undefined
  /** Whether the caller has a permissions boundary. */
  readonly bounded: boolean
}

export const questionOf = (request: AccessRequest, bounded: boolean): Question => ({
  request,
  action: request.action.toLowerCase(),
  resource: arnParts(request.resource),
  bounded,
})

/** The caller as a statement's principal element sees it. A statement without one is the caller's own. */
export const reachOf = ({ statement, principals }: CompiledStatement, { request, bounded }: Question): Reach => {
  if (principals === undefined) return 'direct'
  if (statement.NotPrincipal === undefined) return principals.reach(request.principal)
  // AWS: with Allow it is not supported, and with Deny it never spares who has a permissions boundary.
  if (statement.Effect === 'Allow') return 'none'
  return principals.namesAllOf(request.principal) && !bounded ? 'none' : 'direct'
}

export const actionFits = ({ statement, actions }: CompiledStatement, { request, action }: Question): boolean =>
  actions.some((pattern) => pattern(action, request.context)) === (statement.NotAction === undefined)

/** The policy of a role has no resource element: it is about the role. */
export const resourceFits = ({ statement, resources }: CompiledStatement, { request, resource }: Question): boolean =>
  (statement.Resource === undefined && statement.NotResource === undefined) ||
  resources.some((pattern) => pattern(resource, request.context)) === (statement.NotResource === undefined)

export const conditionHolds = (condition: Condition, { request }: Question): boolean => condition.holds(request.context)

/** How near a statement comes to the caller if all of its elements fit the request; else `none`. */
export const verdictOf = (compiled: CompiledStatement, question: Question): Reach =>
  actionFits(compiled, question) &&
  resourceFits(compiled, question) &&
  compiled.conditions.every((condition) => conditionHolds(condition, question))
    ? reachOf(compiled, question)
    : 'none'
