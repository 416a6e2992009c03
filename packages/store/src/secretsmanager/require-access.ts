import type { Conditions } from '../access/caller-conditions.ts'
import { judge } from '../access/judge.ts'
import { awsError } from '../aws-errors.ts'
import type { OperationContext } from '../operation-context.ts'
import type { SecretRow } from '../storage/tables.ts'

/**
 * Asks whether the caller may do something: what his call is called, or what it does beyond that, such as to read one of
 * many secrets, or to tag the secret that it makes. `secretId` is the secret as the caller named it, or its ARN; absent
 * where none is meant. `conditions` are what policies can see of the call's input.
 * @returns the secret, where it is there
 * @throws AwsError AccessDeniedException
 */
export const requireAccess = async (
  { access, caller, nowMs }: Pick<OperationContext, 'access' | 'caller' | 'nowMs'>,
  action: string,
  secretId?: string,
  conditions?: Conditions,
): Promise<SecretRow | undefined> => {
  const { question, found } = await access.question({
    caller,
    nowMs,
    action,
    ...(secretId !== undefined && { secretId }),
    ...(conditions && { conditions }),
  })
  const decision = judge(question)
  if (!decision.allowed) throw awsError('AccessDeniedException', decision.message)
  return found
}
