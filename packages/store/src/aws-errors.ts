import { type AwsErrorName, awsErrorStatus, isSecretsManagerError } from '@keyplane/aws'
import { type ErrorCode, SecretsError, toSecretsError } from '@keyplane/core'

/** An error that is answered under AWS's name and in AWS's words. */
export class AwsError extends SecretsError {
  readonly type: AwsErrorName

  constructor(type: AwsErrorName, message: string) {
    super(codeOf[type], message)
    this.type = type
  }
}

export const awsError = (type: AwsErrorName, message: string): AwsError => new AwsError(type, message)

const codeOf = {
  DecryptionFailure: 'integrity',
  EncryptionFailure: 'unavailable',
  InternalServiceError: 'internal',
  InvalidNextTokenException: 'invalid_request',
  InvalidParameterException: 'invalid_request',
  InvalidRequestException: 'invalid_request',
  LimitExceededException: 'invalid_request',
  MalformedPolicyDocumentException: 'invalid_request',
  PreconditionNotMetException: 'conflict',
  PublicPolicyException: 'invalid_request',
  ResourceExistsException: 'conflict',
  ResourceNotFoundException: 'secret_not_found',
  AccessDeniedException: 'access_denied',
  ExpiredTokenException: 'unauthenticated',
  IncompleteSignatureException: 'unauthenticated',
  InternalFailure: 'internal',
  InvalidSignatureException: 'unauthenticated',
  MissingAuthenticationTokenException: 'unauthenticated',
  SerializationException: 'invalid_request',
  ServiceUnavailableException: 'unavailable',
  ThrottlingException: 'rate_limited',
  UnknownOperationException: 'invalid_request',
  UnrecognizedClientException: 'unauthenticated',
  ValidationException: 'invalid_request',
  AlreadyExistsException: 'conflict',
  DependencyTimeoutException: 'unavailable',
  DisabledException: 'invalid_request',
  DryRunOperationException: 'invalid_request',
  IncorrectKeyException: 'invalid_request',
  InvalidAliasNameException: 'invalid_request',
  InvalidArnException: 'invalid_request',
  InvalidCiphertextException: 'integrity',
  InvalidGrantIdException: 'invalid_request',
  InvalidKeyUsageException: 'invalid_request',
  InvalidMarkerException: 'invalid_request',
  KMSInternalException: 'internal',
  KMSInvalidStateException: 'invalid_request',
  NotFoundException: 'secret_not_found',
  TagException: 'invalid_request',
  UnsupportedOperationException: 'unsupported',
  InternalServerError: 'internal',
  ParameterNotFound: 'secret_not_found',
  ParameterVersionNotFound: 'version_not_found',
  InvalidKeyId: 'integrity',
  IDPRejectedClaim: 'unauthenticated',
  InvalidIdentityToken: 'unauthenticated',
  MalformedPolicyDocument: 'invalid_request',
  PackedPolicyTooLarge: 'invalid_request',
} as const satisfies Record<AwsErrorName, ErrorCode>

/** The name of a failure below the operations. */
export type InnerErrorName =
  | 'AccessDeniedException'
  | 'DecryptionFailure'
  | 'InternalServiceError'
  | 'InvalidParameterException'
  | 'InvalidRequestException'
  | 'ResourceNotFoundException'
  | 'ServiceUnavailableException'
  | 'ThrottlingException'
  | 'UnrecognizedClientException'

/**
 * What a failure below the operations is called on the wire, in Secrets Manager's words; other services have their own
 * for it. AWS SDKs repeat a call after the last three.
 */
const typeOf = {
  secret_not_found: 'ResourceNotFoundException',
  secret_deleted: 'InvalidRequestException',
  version_not_found: 'ResourceNotFoundException',
  access_denied: 'AccessDeniedException',
  unauthenticated: 'UnrecognizedClientException',
  invalid_request: 'InvalidRequestException',
  unsupported: 'InvalidParameterException',
  integrity: 'DecryptionFailure',
  bad_response: 'InternalServiceError',
  source_misconfigured: 'InternalServiceError',
  config_invalid: 'InternalServiceError',
  internal: 'InternalServiceError',
  conflict: 'InternalServiceError',
  rate_limited: 'ThrottlingException',
  unavailable: 'ServiceUnavailableException',
  timeout: 'ServiceUnavailableException',
  closed: 'ServiceUnavailableException',
} as const satisfies Record<ErrorCode, InnerErrorName>

/** What the wire says of an error that is not the caller's: the cause is for the log. */
const ownFault: Readonly<Partial<Record<AwsErrorName, string>>> = {
  DecryptionFailure: "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
  InternalServiceError: 'An error occurred on the server side.',
  ServiceUnavailableException: 'The store cannot answer at the moment; try again later.',
  ThrottlingException: 'Rate exceeded',
}

/** The file's pages are broken: no secret's fault, and no key's. */
const damaged = "The store's database is damaged; it has to be restored from a backup."

/** Any thrown thing as AWS would name it; its message tells nothing of the store's inside. */
export const toAwsError = (thrown: unknown): AwsError => {
  if (thrown instanceof AwsError) return thrown
  const error = toSecretsError(thrown)
  if (error.reason === 'damaged') return new AwsError('InternalServiceError', damaged)
  const type = typeOf[error.code]
  return new AwsError(type, ownFault[type] ?? error.message)
}

export interface ErrorAnswer {
  readonly status: number
  readonly body: string
}

/** The answer of a JSON 1.1 service. */
export const jsonErrorAnswer = ({ type, message }: AwsError): ErrorAnswer => ({
  status: awsErrorStatus[type],
  body: JSON.stringify({ __type: type, [isSecretsManagerError(type) ? 'Message' : 'message']: message }),
})
