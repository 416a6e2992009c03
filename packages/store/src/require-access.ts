import { awsError } from './aws-errors.ts'
import type { OperationContext } from './operation-context.ts'
import { secretTarget } from './secret-target.ts'

/**
 * Asks whether the caller may do something that his call does beyond what it is called: read one of many secrets, tag
 * the secret that it makes. `secretId` is the secret as the caller named it, or its ARN; absent where none is meant.
 * @throws AwsError AccessDeniedException
 */
export const requireAccess = async (
  { authorize, caller }: OperationContext,
  action: string,
  secretId?: string,
): Promise<void> => {
  const resourceAccount = secretId === undefined ? caller.account : secretTarget(secretId, caller).account
  const resource = secretId === undefined ? {} : { resource: secretId }
  const decision = await authorize({ caller, action, resourceAccount, ...resource })
  if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
}
