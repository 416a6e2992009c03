import { type CompiledStatement, compiledPolicy } from '../compiled-policy.ts'
import { decide } from '../decide.ts'
import type { Decision, PolicyType } from '../decision.ts'
import { denialMessage } from '../denial-message.ts'
import type { Policy } from '../document.ts'
import { reachOfGrant } from '../grants.ts'
import type { Reach } from '../match/reach.ts'
import type { Policies } from '../policies.ts'
import type { AccessRequest } from '../request.ts'
import { type Question, questionOf, verdictOf } from '../verdict.ts'
import { type Miss, missesOf } from './misses.ts'
import { ruleOf } from './rule.ts'

/** Why a request is allowed or denied. */
export interface Explanation {
  readonly decision: Decision
  /** The rule that decided, in a sentence. */
  readonly rule: string
  /** AWS's text, where the request is denied. */
  readonly message?: string
  readonly policies: readonly ExplainedPolicy[]
  /** Of a KMS key; in the order of its grants. */
  readonly grants: readonly Reach[]
}

/** What one policy says, statement by statement. */
export interface ExplainedPolicy {
  readonly type: PolicyType
  readonly name: string
  readonly statements: readonly ExplainedStatement[]
}

export interface ExplainedStatement {
  /** Its place in the policy, from 0. */
  readonly index: number
  readonly sid?: string
  readonly effect: 'Allow' | 'Deny'
  /** `none`: it does not match. Else how near it comes to the caller; an `account` only delegates. */
  readonly reach: Reach
  /** Every element and condition that does not fit; empty where the statement matches. */
  readonly misses: readonly Miss[]
}

/** The same decision as `decide`, with each statement's verdict. Shows values of the request's context. */
export const explain = (request: AccessRequest, policies: Policies): Explanation => {
  const decision = decide(request, policies)
  const question = questionOf(request, policies.boundary !== undefined)
  const { identity, boundary, session = [], resource } = policies
  const explained = (type: PolicyType, name: string, policy: Policy): ExplainedPolicy => ({
    type,
    name,
    statements: compiledPolicy(policy).statements.map((compiled, index) =>
      explainedStatement(compiled, index, question),
    ),
  })
  return {
    decision,
    rule: ruleOf(decision),
    ...(decision.allowed ? {} : { message: denialMessage(request, decision, resourceShown(request)) }),
    policies: [
      ...(resource ? [explained('resource', guardNames[resource.kind], resource.policy)] : []),
      ...identity.map(({ name, policy }) => explained('identity', name, policy)),
      ...(boundary ? [explained('boundary', 'permissions boundary', boundary)] : []),
      ...session.map((policy, index) => explained('session', `session policy ${index + 1}`, policy)),
    ],
    grants: resource?.kind === 'key' ? (resource.grants ?? []).map((grant) => reachOfGrant(grant, request)) : [],
  }
}

const guardNames = { resource: 'resource policy', key: 'key policy', trust: 'trust policy' } as const

const resourceShown = ({ resource }: AccessRequest): string | undefined => (resource === '*' ? undefined : resource)

const explainedStatement = (compiled: CompiledStatement, index: number, question: Question): ExplainedStatement => {
  const { Sid, Effect } = compiled.statement
  return {
    index,
    ...(Sid === undefined || Sid === '' ? {} : { sid: Sid }),
    effect: Effect,
    reach: verdictOf(compiled, question),
    misses: missesOf(compiled, question),
  }
}
