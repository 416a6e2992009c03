import { createHash } from 'node:crypto'
import type { GetCallerIdentityResponse } from '@keyplane/aws'
import type { OperationContext } from '../operation-context.ts'

/** Tells who signed the call. Everybody may ask that of himself. */
export const getCallerIdentity = async ({ caller }: OperationContext): Promise<GetCallerIdentityResponse> => ({
  Arn: caller.principal,
  UserId: userId(caller.principal),
  Account: caller.account,
})

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** An id in the form of IAM's, the same for the same user each time. */
const userId = (principal: string): string => {
  const digest = createHash('sha256').update(principal).digest()
  return `AIDA${[...digest.subarray(0, 17)].map((byte) => base32.charAt(byte % 32)).join('')}`
}
