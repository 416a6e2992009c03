import { decide, parsePolicy } from '@keyplane/policy'
import { awsError } from '../aws-errors.ts'
import { policiesOf, requestOf } from '../access/judge.ts'
import type { OperationContext } from '../operation-context.ts'
import type { KmsKeyRow } from '../storage/tables.ts'
import { keyArn } from './kms-keys.ts'

/**
 * Checks a key's new policy: it has to be one, and the caller has to be able to change it again, unless he says that he
 * knows what he does.
 * @throws AwsError MalformedPolicyDocumentException
 */
export const requireKeyPolicy = (
  { caller, nowMs }: OperationContext,
  owner: Pick<KmsKeyRow, 'account' | 'region' | 'key_id'> & { readonly policy: string },
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
    resource: keyArn(owner),
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
