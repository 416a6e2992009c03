import type { ErrorCode } from '@keyplane/core'

/** An error as AWS answered it. */
export interface AwsErrorAnswer {
  /** `__type` without its namespace, or the `Code` of an XML answer. Empty where there was none. */
  readonly name: string
  readonly status: number
  readonly message: string
}

export interface AwsErrorClass {
  readonly code: ErrorCode
  readonly reason?: string
}

type Rule = readonly [name: RegExp, AwsErrorClass | ((message: string) => AwsErrorClass)]

const notFound = (message: string): AwsErrorClass =>
  /^Secrets Manager can[’']t find the specified secret (?:value|version)/.test(message)
    ? { code: 'version_not_found' }
    : { code: 'secret_not_found' }

const invalidRequest = (message: string): AwsErrorClass => {
  if (/marked (?:for deletion|deleted)|scheduled for deletion/.test(message)) return { code: 'secret_deleted' }
  // Version and stage were both given and do not meet.
  if (message.startsWith('You provided a VersionStage that is not associated')) return { code: 'version_not_found' }
  return { code: 'invalid_request' }
}

const accessDenied = (message: string): AwsErrorClass =>
  message.startsWith('Access to KMS is not allowed')
    ? { code: 'access_denied', reason: 'kms' }
    : { code: 'access_denied' }

/** Parameter Store says all that its key refuses by one name, with what KMS said in its text. */
const invalidKey = (message: string): AwsErrorClass =>
  /AccessDenied|not (?:allowed|authorized)/i.test(message)
    ? { code: 'access_denied', reason: 'kms' }
    : { code: 'integrity', reason: 'kms' }

/** A label is taken from another version only by who says which. */
const invalidParameter = (message: string): AwsErrorClass =>
  message.includes('RemoveFromVersionId')
    ? { code: 'conflict', reason: 'stage_elsewhere' }
    : { code: 'invalid_request' }

const unauthenticated = (reason: string): AwsErrorClass => ({ code: 'unauthenticated', reason })

/** First match holds. Names come with and without `Exception`: JSON and query services spell them differently. */
const rules: readonly Rule[] = [
  [/^ResourceNotFound(?:Exception)?$/, notFound],
  [/^ParameterNotFound$/, { code: 'secret_not_found' }],
  [/^ParameterVersionNotFound$/, { code: 'version_not_found' }],
  [/^InvalidRequest(?:Exception)?$/, invalidRequest],
  [/^InvalidParameter(?:Exception)?$/, invalidParameter],
  [/^InvalidKeyId(?:Exception)?$/, invalidKey],
  [/^AccessDenied(?:Exception)?$|^NotAuthorized$|^UnauthorizedOperation$/, accessDenied],
  [/^ExpiredToken(?:Exception)?$|^RequestExpired$/, unauthenticated('expired_token')],
  [/^UnrecognizedClient(?:Exception)?$|^InvalidClientTokenId$|^InvalidAccessKeyId$/, unauthenticated('unknown_key')],
  [
    /^InvalidSignature(?:Exception)?$|^SignatureDoesNotMatch$|^IncompleteSignature(?:Exception)?$/,
    unauthenticated('invalid_signature'),
  ],
  [/^MissingAuthenticationToken(?:Exception)?$/, unauthenticated('missing_token')],
  [/^OptInRequired$|^NotSignedUp$/, unauthenticated('not_signed_up')],
  [
    /^(?:Request)?Throttl(?:ing|ed)|^TooMany(?:Requests|Updates)|^RequestLimitExceeded$|^SlowDown$|^BandwidthLimitExceeded$/,
    { code: 'rate_limited' },
  ],
  [
    /^InternalFailure$|^InternalService(?:Error|Fault|Exception)$|^InternalError$|^InternalServerError$|^ServiceUnavailable/,
    { code: 'unavailable' },
  ],
  // About this one secret and its key (disabled, pending deletion): neither a retry nor another secret has to do with it.
  [/^(?:Decryption|Encryption)Failure$/, { code: 'integrity', reason: 'kms' }],
  [/^ResourceExists(?:Exception)?$|^ParameterAlreadyExists$/, { code: 'conflict' }],
  [/^PreconditionNotMet(?:Exception)?$/, { code: 'conflict' }],
  [
    /^LimitExceeded(?:Exception)?$|^Parameter(?:MaxVersion)?LimitExceeded$/,
    { code: 'invalid_request', reason: 'quota' },
  ],
  [/^UnknownOperation(?:Exception)?$|^InvalidAction$/, { code: 'unsupported' }],
]

const byStatus = (status: number): AwsErrorClass => {
  if (status === 429) return { code: 'rate_limited' }
  if (status === 408 || status === 504) return { code: 'timeout' }
  if (status >= 500) return { code: 'unavailable' }
  // A nameless 401 or 403 comes from a proxy or an endpoint policy: a refusal all the same, never an absence.
  if (status === 401) return { code: 'unauthenticated' }
  if (status === 403) return { code: 'access_denied' }
  return { code: 'invalid_request' }
}

/**
 * What an AWS error means in Keyplane's words, for every answer: by its name, else by its status. An unknown 4xx is
 * `invalid_request`: AWS blames the request, and neither a retry nor a stale value would mend that.
 */
export const errorCodeOfAws = ({ name, status, message }: AwsErrorAnswer): AwsErrorClass => {
  for (const [pattern, found] of rules)
    if (pattern.test(name)) return typeof found === 'function' ? found(message) : found
  return byStatus(status)
}
