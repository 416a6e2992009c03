/**
 * The errors of Secrets Manager's model by name, with the HTTP status that AWS sends.
 * Source: botocore's model `secretsmanager/2017-10-17`.
 */
const secretsManagerErrors = {
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
} as const

/** Those of the framework under every JSON service. Source: AWS's "Common errors". */
const frameworkErrors = {
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

/**
 * Those of KMS that Secrets Manager does not have. Source: botocore's model `kms/2014-11-01`; it gives no statuses, which
 * KMS's API reference does: 412 for `DryRunOperationException`, 500 and 503 for what is KMS's own fault.
 */
const kmsErrors = {
  AlreadyExistsException: 400,
  DependencyTimeoutException: 503,
  DisabledException: 400,
  DryRunOperationException: 412,
  IncorrectKeyException: 400,
  InvalidAliasNameException: 400,
  InvalidArnException: 400,
  InvalidCiphertextException: 400,
  InvalidGrantIdException: 400,
  InvalidKeyUsageException: 400,
  InvalidMarkerException: 400,
  KMSInternalException: 500,
  KMSInvalidStateException: 400,
  NotFoundException: 400,
  TagException: 400,
  UnsupportedOperationException: 400,
} as const

/** Those of Systems Manager's parameters. Source: botocore's model `ssm/2014-11-06`. */
const ssmErrors = {
  InternalServerError: 500,
  InvalidKeyId: 400,
  ParameterNotFound: 400,
  ParameterVersionNotFound: 400,
} as const

/** Those of STS. Source: botocore's model `sts/2011-06-15`. */
const stsErrors = {
  IDPRejectedClaim: 403,
  InvalidIdentityToken: 400,
  MalformedPolicyDocument: 400,
  PackedPolicyTooLarge: 400,
} as const

/** The name of an error as it stands in `__type`. */
export type AwsErrorName =
  | keyof typeof secretsManagerErrors
  | keyof typeof frameworkErrors
  | keyof typeof kmsErrors
  | keyof typeof ssmErrors
  | keyof typeof stsErrors

/** The HTTP status of each error that there is, by its name. */
export const awsErrorStatus: Readonly<Record<AwsErrorName, number>> = {
  ...secretsManagerErrors,
  ...frameworkErrors,
  ...kmsErrors,
  ...ssmErrors,
  ...stsErrors,
}

/** In Secrets Manager's own model, whose errors carry `Message`; the others carry `message`. */
export const isSecretsManagerError = (name: AwsErrorName): boolean => Object.hasOwn(secretsManagerErrors, name)
