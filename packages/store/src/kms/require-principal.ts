import { awsError } from '../aws-errors.ts'

/**
 * Accounts, users, roles, and sessions of roles and of federated users.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
 */
const principal =
  /^arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|(?:user|role)\/[\w+=,.@/-]+)|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+))$/

/**
 * Checks that a text is the ARN of somebody whom a grant can be for. Whether there is one of that name is not asked.
 * @throws AwsError InvalidArnException
 */
export const requirePrincipal = (given: string): void => {
  if (!principal.test(given)) throw awsError('InvalidArnException', `ARN does not refer to a valid principal: ${given}`)
}
