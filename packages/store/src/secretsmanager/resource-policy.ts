import { grantsPublicAccess, type ParsedPolicy, parsePolicy, type Policy, type Principals } from '@keyplane/policy'
import type { Conditions } from '../access/caller-conditions.ts'
import { judge } from '../access/judge.ts'
import { awsError } from '../aws-errors.ts'
import type { OperationContext } from '../operation-context.ts'
import type { Iam } from '../iam/identity.ts'

/** The one policy that a secret can be given. */
export const defaultPolicyName = 'default'

/**
 * A resource policy that was given as JSON. Users and roles of the accounts that are known here have to be there.
 * @throws AwsError MalformedPolicyDocumentException
 */
export const requireResourcePolicy = (json: string, { callers }: Pick<OperationContext, 'callers'>): Policy => {
  const parsed = parsePolicy(json, 'resource')
  if (!parsed.ok) throw malformed(fault(parsed))
  const { iam } = callers
  const named = parsed.policy.Statement.flatMap(({ Principal, NotPrincipal }) => [Principal, NotPrincipal])
  if (named.some((principals) => awsPrincipals(principals).some((arn) => isMissing(arn, iam))))
    throw malformed('an unsupported principal')
  return parsed.policy
}

const malformed = (what: string): Error =>
  awsError('MalformedPolicyDocumentException', `This resource policy contains ${what}.`)

const awsPrincipals = (principals: Principals | undefined): readonly string[] =>
  principals === undefined || principals === '*' ? [] : (principals.AWS ?? [])

const isMissing = (arn: string, { accounts, users, roles }: Iam): boolean => {
  const [, account = '', kind] = /^arn:[a-z-]+:iam::(\d{12}):(user|role)\//.exec(arn) ?? []
  return accounts.has(account) && !(kind === 'user' ? users : roles).has(arn)
}

const fault = ({ problems }: Extract<ParsedPolicy, { ok: false }>): string => {
  const isOnly = (element: RegExp): boolean => problems.every(({ path }) => element.test(path))
  if (isOnly(/\.(?:Not)?Principal\.Service\b/)) return 'an unsupported service principal'
  return isOnly(/\.(?:Not)?Principal\./) ? 'an unsupported principal' : 'a syntax error'
}

/** What a policy that is well formed may be refused for, each with the name that ValidateResourcePolicy gives it. */
export interface PolicyFlaw {
  readonly check: 'PUBLIC_ACCESS_CHECK' | 'LOCK_OUT_CHECK'
  readonly message: string
}

/** A policy that lets anybody in. */
export const publicAccessFlaw = (policy: Policy): PolicyFlaw | undefined =>
  grantsPublicAccess(policy)
    ? {
        check: 'PUBLIC_ACCESS_CHECK',
        message: "You can't attach a resource-based policy that allows broad access to the secret.",
      }
    : undefined

/** A call that puts a policy, as policies see it. */
export interface PolicyChange {
  /** As the caller named it. */
  readonly secretId: string
  readonly conditions?: Conditions
}

/** A policy that would keep the caller from putting another. */
export const lockOutFlaw = async (
  { access, caller, nowMs }: OperationContext,
  change: PolicyChange,
  policy: Policy,
): Promise<PolicyFlaw | undefined> => {
  const action = 'secretsmanager:PutResourcePolicy'
  const { question } = await access.question({ caller, nowMs, action, ...change })
  return judge({ ...question, guard: { kind: 'resource', policy } }).allowed
    ? undefined
    : {
        check: 'LOCK_OUT_CHECK',
        message: 'Your requested changes will not allow you to manage this secret in the future.',
      }
}
