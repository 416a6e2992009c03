import { SecretsError } from '@keyplane/core'
import { type Condition, conditionOf } from './conditions/condition.ts'
import type { Policy, Statement } from './document.ts'
import { type ArnPattern, arnPattern } from './match/arn.ts'
import { type PrincipalSet, principalSet } from './match/principals.ts'
import { type TextPattern, textPattern } from './match/text-pattern.ts'

/** A policy whose patterns are ready to be matched. */
export interface CompiledPolicy {
  readonly policy: Policy
  readonly statements: readonly CompiledStatement[]
}

/** The elements of a statement, each ready to be asked. */
export interface CompiledStatement {
  readonly statement: Statement
  /** Absent in policies of identities, whose statements concern whoever has them. */
  readonly principals?: PrincipalSet
  /** Over actions in lower case. */
  readonly actions: readonly TextPattern[]
  readonly resources: readonly ArnPattern[]
  readonly conditions: readonly Condition[]
}

const known = new WeakMap<Policy, CompiledPolicy>()

/**
 * The compiled form of a policy; made once and kept as long as the policy is.
 * @throws SecretsError `config_invalid` for a policy that `parsePolicy` would have refused.
 */
export const compiledPolicy = (policy: Policy): CompiledPolicy => {
  const found = known.get(policy)
  if (found) return found
  const variables = policy.Version === '2012-10-17'
  const statements = policy.Statement.map((statement) => compiledStatement(statement, variables))
  const made = { policy, statements }
  known.set(policy, made)
  return made
}

const compiledStatement = (statement: Statement, variables: boolean): CompiledStatement => {
  const { Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition = {} } = statement
  const principals = Principal ?? NotPrincipal
  // AWS: a variable without a value may make a statement invalid. The stricter reading: such an Allow covers nothing.
  const withoutValue = NotResource !== undefined && statement.Effect === 'Allow'
  const ofResources = { variables, reaching: true, withoutValue }
  return {
    statement,
    ...(principals === undefined ? {} : { principals: principalSet(principals) }),
    actions: (Action ?? NotAction ?? []).map(compiledAction),
    resources: (Resource ?? NotResource ?? []).map((value) => arnPattern(value, ofResources) ?? refuse()),
    conditions: Object.entries(Condition).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => {
        const condition = conditionOf({ operator, key, values, variables })
        return 'holds' in condition ? condition : refuse()
      }),
    ),
  }
}

const compiledAction = (action: string): TextPattern =>
  textPattern(action.toLowerCase(), { variables: false, wildcards: true }) ?? refuse()

const refuse = (): never => {
  throw new SecretsError('config_invalid', 'A policy has a value that cannot be read; parsePolicy says which.')
}
