import type { GetCallerIdentityResponse } from '@keyplane/aws'
import type { OperationContext } from '../operation-context.ts'

/** Tells who signed the call. Everybody may ask that of himself. */
export const getCallerIdentity = async ({ caller }: OperationContext): Promise<GetCallerIdentityResponse> => {
  const { arn, userId, account } = caller.identity
  return { Arn: arn, UserId: userId, Account: account }
}
