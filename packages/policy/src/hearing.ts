import { compiledPolicy } from './compiled-policy.ts'
import type { Policy } from './document.ts'
import { grantReach } from './grants.ts'
import { nearer, type Reach } from './match/reach.ts'
import type { Policies } from './policies.ts'
import type { AccessRequest } from './request.ts'
import { type Question, questionOf, verdictOf } from './verdict.ts'

/** What policies of one type say to a request. */
export interface Answer {
  /** Whether a statement denies it. */
  readonly denies: boolean
  /** How near the nearest `Allow` comes to the caller. */
  readonly allows: Reach
}

/** What all policies say to a request, by type; absent where there is none of a type. */
export interface Hearing {
  readonly identity: Answer
  readonly boundary: Answer | undefined
  readonly session: Answer | undefined
  readonly resource: Answer | undefined
  /** The nearest grant of a key. */
  readonly grant: Reach
}

/** Asks every policy. */
export const hear = (request: AccessRequest, policies: Policies): Hearing => {
  const { identity, boundary, session = [], resource } = policies
  const question = questionOf(request, boundary !== undefined)
  return {
    identity: together(identity, ({ policy }) => policy, question),
    boundary: boundary && answerOf(boundary, question),
    session: session.length === 0 ? undefined : together(session, (policy) => policy, question),
    resource: resource && answerOf(resource.policy, question),
    grant: resource?.kind === 'key' ? grantReach(resource.grants ?? [], request) : 'none',
  }
}

const denial: Answer = { denies: true, allows: 'none' }
const allowances: Readonly<Record<Reach, Answer>> = {
  none: { denies: false, allows: 'none' },
  account: { denies: false, allows: 'account' },
  role: { denies: false, allows: 'role' },
  direct: { denies: false, allows: 'direct' },
}

/** What one policy says. */
export const answerOf = (policy: Policy, question: Question): Answer => {
  let allows: Reach = 'none'
  for (const compiled of compiledPolicy(policy).statements) {
    const reach = verdictOf(compiled, question)
    if (reach === 'none') continue
    if (compiled.statement.Effect === 'Deny') return denial
    allows = nearer(allows, reach)
  }
  return allowances[allows]
}

const together = <T>(list: readonly T[], policyOf: (item: T) => Policy, question: Question): Answer => {
  let allows: Reach = 'none'
  for (const item of list) {
    const answer = answerOf(policyOf(item), question)
    if (answer.denies) return denial
    allows = nearer(allows, answer.allows)
  }
  return allowances[allows]
}
