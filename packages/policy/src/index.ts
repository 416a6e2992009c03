/**
 * The IAM policy evaluator: one pure function decides, another explains. Use it where a request has to be judged by
 * identity, session, boundary, resource and key policies as AWS does. It reads no file, knows no clock, and calls nobody.
 */
export { decide } from './decide.ts'
export type { Allowed, AllowedBy, Decision, Denied, PolicyType } from './decision.ts'
export { denialMessage } from './denial-message.ts'
export type { Conditions, NamedPrincipals, Policy, PolicyVersion, Principals, Statement } from './document.ts'
export { type ExplainedPolicy, type ExplainedStatement, type Explanation, explain } from './explain/explain.ts'
export type { Reach } from './match/reach.ts'
export type { ConditionMiss, ElementMiss, Miss } from './explain/misses.ts'
export { type ParsedPolicy, parsePolicy } from './parse-policy.ts'
export type { PolicyProblem } from './parse/problems.ts'
export { repeatedMembers } from './parse/repeated-members.ts'
export type { PolicyKind } from './parse/statement.ts'
export type {
  GrantConstraints,
  KeyGrant,
  KeyGuard,
  NamedPolicy,
  Policies,
  ResourceGuard,
  SecretGuard,
  TrustGuard,
} from './policies.ts'
export { grantsPublicAccess } from './public-access.ts'
export type {
  AccessRequest,
  ContextValues,
  FederatedPrincipal,
  Principal,
  RequestContext,
  RootPrincipal,
  ServicePrincipal,
  SessionPrincipal,
  UserPrincipal,
} from './request.ts'
export { requestContext } from './request-context.ts'
