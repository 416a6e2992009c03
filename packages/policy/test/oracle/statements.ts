import type { AccessRequest, Policy, Statement } from '@keyplane/policy'
import { resourceMatches } from './arn.ts'
import { conditionsHold, type Tally } from './conditions.ts'
import { globMatches, patternOf } from './glob.ts'
import { isSpared, type Naming, namings } from './principals.ts'
import { type Reading, readPattern } from './variables.ts'

/** Whether all of a statement but its principals applies to a request. */
const elementsApply = (statement: Statement, policy: Policy, request: AccessRequest, tally: Tally): boolean => {
  const reading: Reading = { version: policy.Version, context: request.context }
  const conditions = conditionsHold(statement.Condition ?? {}, reading, tally)
  return actionApplies(statement, request.action) && resourceApplies(statement, request.resource, reading) && conditions
}

/** "The prefix and the action name are case insensitive." ("Action".) */
const actionApplies = (statement: Statement, action: string): boolean => {
  const matches = (pattern: string): boolean => globMatches(patternOf(pattern.toLowerCase()), action.toLowerCase())
  // "NotAction … explicitly matches everything except the specified list of actions."
  return statement.Action?.some(matches) ?? !(statement.NotAction ?? []).some(matches)
}

const resourceApplies = (statement: Statement, resource: string, reading: Reading): boolean => {
  const matches = (pattern: string): boolean => {
    const pieces = readPattern(pattern, reading)
    return pieces !== undefined && resourceMatches(pieces, resource)
  }
  // A trust policy names no resource: it is about the role that it is attached to.
  if (statement.Resource === undefined && statement.NotResource === undefined) return true
  if (statement.Resource !== undefined) return statement.Resource.some(matches)
  // "If AWS can't resolve a variable, this might cause the entire statement to be invalid." Not told when; the stricter
  // reading is taken: such an Allow covers nothing, such a Deny covers all that the rest does not leave out.
  const unknown = (statement.NotResource ?? []).some((pattern) => readPattern(pattern, reading) === undefined)
  return !(statement.NotResource ?? []).some(matches) && !(unknown && statement.Effect === 'Allow')
}

/** Whether a policy that belongs to the caller has a statement of this effect that applies. */
export const says = (effect: Statement['Effect'], policy: Policy, request: AccessRequest, tally: Tally): boolean =>
  policy.Statement.filter((one) => one.Effect === effect && elementsApply(one, policy, request, tally)).length > 0

/** Whether a resource's policy denies a request. */
export const resourceDenies = (policy: Policy, request: AccessRequest, bounded: boolean, tally: Tally): boolean =>
  policy.Statement.some((statement) => {
    if (statement.Effect !== 'Deny' || !elementsApply(statement, policy, request, tally)) return false
    if (statement.Principal !== undefined) return namings(statement.Principal, request.principal).size > 0
    const spared =
      statement.NotPrincipal !== undefined &&
      statement.NotPrincipal !== '*' &&
      isSpared(statement.NotPrincipal, request.principal, bounded)
    tally(`NotPrincipal ${spared ? 'spares' : 'denies'}`)
    return !spared
  })

/** As what a resource's policy allows the caller. */
export const resourceAllows = (policy: Policy, request: AccessRequest, tally: Tally): ReadonlySet<Naming> => {
  const found = new Set<Naming>()
  for (const statement of policy.Statement) {
    if (statement.Effect !== 'Allow' || statement.Principal === undefined) continue
    if (!elementsApply(statement, policy, request, tally)) continue
    for (const naming of namings(statement.Principal, request.principal)) found.add(naming)
  }
  return found
}
