import {
  type AccessRequest,
  type ContextValues,
  decide,
  denialMessage,
  explain,
  type Explanation,
  type Policies,
  requestContext,
  type ResourceGuard,
} from '@keyplane/policy'
import type { Identity } from '../iam/identity.ts'
import type { Caller } from '../caller.ts'
import { callerConditions, type Conditions } from './caller-conditions.ts'
import { LazyContext } from './lazy-context.ts'

/** One thing that a caller wants to do. */
export interface Question {
  readonly caller: Caller
  readonly nowMs: number
  /** `secretsmanager:GetSecretValue`. */
  readonly action: string
  /** The resource's ARN; `*` where none is meant. */
  readonly resource: string
  readonly resourceAccount: string
  /** As the caller named it, for the text of a denial; absent where none is meant. */
  readonly asSent?: string
  /** What the resource itself says. */
  readonly guard?: ResourceGuard
  /** What conditions can see of the request and its resource. */
  readonly conditions?: Conditions
  /** Those of them that nothing else of the request adds to, by lower-case name. */
  readonly settled?: ReadonlyMap<string, ContextValues>
}

export type AccessDecision = { readonly allowed: true } | { readonly allowed: false; readonly message: string }

const yes: AccessDecision = Object.freeze({ allowed: true })

/** Judges a question by all policies that bear on it. */
export const judge = (question: Question): AccessDecision => {
  const request = requestOf(question)
  const decision = decide(request, policiesOf(question.caller.identity, question.guard))
  return decision.allowed ? yes : { allowed: false, message: denialMessage(request, decision, question.asSent) }
}

/** The same with every statement's verdict. */
export const explained = (question: Question): Explanation =>
  explain(requestOf(question), policiesOf(question.caller.identity, question.guard))

export const requestOf = ({
  caller,
  nowMs,
  action,
  resource,
  resourceAccount,
  conditions,
  settled,
}: Question): AccessRequest => ({
  principal: caller.identity.principal,
  action,
  resource,
  resourceAccount,
  context: new LazyContext(
    () =>
      requestContext({
        ...callerConditions(caller, nowMs),
        'aws:ResourceAccount': resource === '*' ? undefined : resourceAccount,
        ...conditions,
      }),
    settled,
  ),
})

export const policiesOf = ({ policies, boundary, session }: Identity, guard: ResourceGuard | undefined): Policies => ({
  identity: policies,
  ...(boundary && { boundary }),
  ...(session && { session }),
  ...(guard && { resource: guard }),
})
