/**
 * The errors of Secrets Manager by name, with the HTTP status that AWS sends. The first half is the service's model,
 * the second the framework's under every JSON service.
 * Source: botocore's model `secretsmanager/2017-10-17`; AWS's "Common errors".
 */
export const awsErrorStatus = {
  DecryptionFailure: 400,
  EncryptionFailure: 400,
  InternalServiceError: 500,
  InvalidNextTokenException: 400,
  InvalidParameterException: 400,
  InvalidRequestException: 400,
  LimitExceededException: 400,
  MalformedPolicyDocumentException: 400,
  PreconditionNotMetException: 400,
  PublicPolicyException: 400,
  ResourceExistsException: 400,
  ResourceNotFoundException: 400,

  AccessDeniedException: 400,
  ExpiredTokenException: 400,
  IncompleteSignatureException: 400,
  InternalFailure: 500,
  InvalidSignatureException: 400,
  MissingAuthenticationTokenException: 400,
  SerializationException: 400,
  ServiceUnavailableException: 503,
  ThrottlingException: 400,
  UnknownOperationException: 400,
  UnrecognizedClientException: 400,
  ValidationException: 400,
} as const

/** The name of an error as it stands in `__type`. */
export type AwsErrorName = keyof typeof awsErrorStatus
