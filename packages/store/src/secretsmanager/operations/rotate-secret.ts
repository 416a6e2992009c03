import type { RotateSecretRequest, RotateSecretResponse, RotationRules } from '@keyplane/aws'
import { awsError } from '../../aws-errors.ts'
import { loadPresent, requireWritable } from '../change-secret.ts'
import { requireToken } from '../versions/client-request-token.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, integer, listOf, type Shape, structure, text } from '../../parsing/member.ts'
import { arn, clientRequestToken, secretId } from '../../parsing/members.ts'
import { requireRotationRules } from '../rotation-rules.ts'
import { secretTarget } from '../secret-target.ts'

export const rotateSecretShape: Shape<RotateSecretRequest> = {
  SecretId: secretId,
  ClientRequestToken: clientRequestToken,
  RotationLambdaARN: text({ max: 2048 }),
  RotationRules: structure<RotationRules>({
    // Its bounds have an error of their own.
    AutomaticallyAfterDays: integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
    Duration: text({ min: 2, max: 3, pattern: /^[0-9]+h$/ }),
    ScheduleExpression: text({ min: 1, max: 256, pattern: /^[0-9A-Za-z()#?*\-/, ]+$/ }),
  }),
  ExternalSecretRotationMetadata: listOf(
    structure({ Key: text({ min: 1, max: 256 }), Value: text({ min: 1, max: 2048 }) }),
    { max: 100 },
  ),
  ExternalSecretRotationRoleArn: arn,
  RotateImmediately: flag(),
}

/** Checks what a rotation takes, and refuses it: this store can invoke no function. */
export const rotateSecret = async (
  context: OperationContext,
  input: RotateSecretRequest,
): Promise<RotateSecretResponse> => {
  requireToken(input.ClientRequestToken, 'InvalidParameterException')
  requireRotationRules(input.RotationRules ?? {})
  requireWritable(await loadPresent(context, secretTarget(input.SecretId, context.caller)), context.nowMs)
  if (!input.RotationLambdaARN)
    throw awsError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.')
  throw awsError(
    'AccessDeniedException',
    'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
  )
}
