import type { AwsErrorName } from '@keyplane/aws'
import { type AwsError, awsError, type InnerErrorName } from '../aws-errors.ts'

/** What a service calls each failure below its operations. */
export type InnerErrors = Readonly<Record<InnerErrorName, AwsErrorName>>

/** What its clients cannot mend, KMS says in these two words. Source: botocore's model `kms/2014-11-01`. */
export const kmsInnerErrors: InnerErrors = {
  AccessDeniedException: 'AccessDeniedException',
  DecryptionFailure: 'KMSInternalException',
  InternalServiceError: 'KMSInternalException',
  InvalidParameterException: 'ValidationException',
  InvalidRequestException: 'ValidationException',
  ResourceNotFoundException: 'NotFoundException',
  ServiceUnavailableException: 'DependencyTimeoutException',
  ThrottlingException: 'ThrottlingException',
  UnrecognizedClientException: 'UnrecognizedClientException',
}

/** What Secrets Manager says of a secret, in Systems Manager's names. Source: botocore's model `ssm/2014-11-06`. */
export const ssmInnerErrors: InnerErrors = {
  AccessDeniedException: 'AccessDeniedException',
  DecryptionFailure: 'InvalidKeyId',
  InternalServiceError: 'InternalServerError',
  InvalidParameterException: 'ValidationException',
  InvalidRequestException: 'ValidationException',
  ResourceNotFoundException: 'ParameterNotFound',
  ServiceUnavailableException: 'InternalServerError',
  ThrottlingException: 'ThrottlingException',
  UnrecognizedClientException: 'UnrecognizedClientException',
}

/** An error as a service names it; what is no failure below its operations has its name already. */
export const inWordsOf =
  (names: InnerErrors) =>
  (error: AwsError): AwsError => {
    const named = isInner(names, error.type) ? names[error.type] : error.type
    if (named === error.type) return error
    // The key is a secret's there, and its reader is told so.
    return awsError(named, named === 'InvalidKeyId' ? error.message : innerMessage(error))
  }

/** The message of a failure below the operations, in words that are no one service's. */
export const innerMessage = ({ type, message }: AwsError): string =>
  type === 'DecryptionFailure' ? 'An error occurred on the server side.' : message

const isInner = (names: InnerErrors, type: AwsErrorName): type is InnerErrorName => Object.hasOwn(names, type)
