import { awsError } from '../../aws-errors.ts'

/**
 * The token of a call that may be repeated; it becomes the new version's id. SDKs make one by themselves.
 * @throws AwsError `missing` (default InvalidRequestException) if there is none, InvalidParameterException if it is not
 * 32–64 characters.
 */
export const requireToken = (
  token: string | undefined,
  missing: 'InvalidRequestException' | 'InvalidParameterException' = 'InvalidRequestException',
): string => {
  if (token === undefined)
    throw awsError(missing, 'You must provide a ClientRequestToken value. We recommend a UUID-type value.')
  if (token.length < 32 || token.length > 64)
    throw awsError('InvalidParameterException', 'ClientRequestToken must be 32-64 characters long.')
  return token
}
