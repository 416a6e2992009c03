/**
 * AWS's words: ARNs, staging labels, error names, and SigV4 both ways (sign a request, verify one). Use it to speak to
 * Secrets Manager or to answer as it does. It loads no SDK, reads no environment and keeps no secret in an error.
 */
export { parseSecretArn, type ParsedSecretArn, secretArn, type SecretArnParts } from './arn.ts'
export type { AwsCredentials } from './aws-credentials.ts'
export { type AwsErrorAnswer, type AwsErrorClass, errorCodeOfAws } from './classify-error.ts'
export { type AwsErrorName, awsErrorStatus } from './error-types.ts'
export { type AwsPartition, partitionOf } from './partition.ts'
export type { WireRequest } from './sigv4/canonical-request.ts'
export { queryErrorOf, type SignatureErrorName, type SignatureRefusal } from './sigv4/refusal.ts'
export { type RequestToSign, signRequest } from './sigv4/sign.ts'
export { SigningKeyCache, type SigningScope } from './sigv4/signing-key.ts'
export {
  type SecretKey,
  type SignedRequest,
  type VerifiedSignature,
  type VerifyOptions,
  verifySignature,
} from './sigv4/verify.ts'
export { labelOfStage, stageOfLabel } from './stages.ts'
