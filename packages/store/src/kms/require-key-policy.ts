import { decide, parsePolicy } from '@keyplane/policy'
import { awsError } from '../aws-errors.ts'
import { policiesOf, requestOf } from '../access/judge.ts'
import type { OperationContext } from '../operation-context.ts'
import { keyPolicy } from './key-policy.ts'

/**
 * Checks a key's new policy: it has to be one, and the caller has to be able to change it again, unless he says that he
 * knows what he does.
 * @throws AwsError MalformedPolicyDocumentException
 */
export const requireKeyPolicy = (
  { caller, nowMs }: OperationContext,
  owner: Parameters<typeof keyPolicy>[0] & { readonly policy: string },
  bypass: boolean,
): void => {
  const parsed = parsePolicy(owner.policy, 'key')
  if (!parsed.ok) {
    const [problem] = parsed.problems
    throw awsError(
      'MalformedPolicyDocumentException',
      `The policy ${problem?.path} ${problem?.message}.`.replace('  ', ' '),
    )
  }
  if (bypass) return
  const request = requestOf({
    caller,
    nowMs,
    action: 'kms:PutKeyPolicy',
    resource: `arn:aws:kms:${owner.region}:${owner.account}:key/new`,
    resourceAccount: owner.account,
    conditions: { 'kms:CallerAccount': caller.account },
  })
  const guard = { kind: 'key', policy: parsed.policy } as const
  if (!decide(request, policiesOf(caller.identity, guard)).allowed)
    throw awsError(
      'MalformedPolicyDocumentException',
      'The new key policy will not allow you to update the key policy in the future.',
    )
}
