import {
  grantsPublicAccess,
  locksOut,
  type ParsedPolicy,
  parsePolicy,
  type Policy,
  requestContext,
} from '@keyplane/policy'
import { awsError } from './aws-errors.ts'
import type { OperationContext } from './operation-context.ts'
import type { SecretRow } from './storage/tables.ts'

/** The one policy that a secret can be given. */
export const defaultPolicyName = 'default'

/**
 * A resource policy that was given as JSON.
 * @throws AwsError MalformedPolicyDocumentException
 */
export const requireResourcePolicy = (json: string): Policy => {
  const parsed = parsePolicy(json, 'resource')
  if (parsed.ok) return parsed.policy
  throw awsError('MalformedPolicyDocumentException', `This resource policy contains ${fault(parsed)}.`)
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

/**
 * A policy that would keep the caller from putting another. Statements with conditions are left out: what they depend
 * on may be otherwise in the next call.
 */
export const lockOutFlaw = (
  { caller }: OperationContext,
  { arn, account }: Pick<SecretRow, 'arn' | 'account'>,
  policy: Policy,
): PolicyFlaw | undefined => {
  const request = {
    principal: { kind: 'user', arn: caller.principal, account: caller.account },
    action: 'secretsmanager:PutResourcePolicy',
    resource: arn,
    resourceAccount: account,
    context: requestContext({ 'aws:PrincipalArn': caller.principal, 'aws:PrincipalAccount': caller.account }),
  } as const
  const unconditional = { ...policy, Statement: policy.Statement.filter(({ Condition }) => Condition === undefined) }
  return locksOut(request, { identity: [{ name: 'owner', policy: allowAll }] }, unconditional)
    ? {
        check: 'LOCK_OUT_CHECK',
        message: 'Your requested changes will not allow you to manage this secret in the future.',
      }
    : undefined
}

/** The account's own users may do everything that no policy denies. */
const allowAll: Policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }] }
