import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorCodeOfAws } from './classify-error.ts'
import { awsErrorStatus } from './error-types.ts'

type Case = readonly [name: string, status: number, message: string, code: string, reason?: string]

const cases: readonly Case[] = [
  ['ResourceNotFoundException', 400, "Secrets Manager can't find the specified secret.", 'secret_not_found'],
  [
    'ResourceNotFoundException',
    400,
    "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    'version_not_found',
  ],
  [
    'ResourceNotFoundException',
    400,
    "Secrets Manager can't find the specified secret value for VersionId: 1",
    'version_not_found',
  ],
  [
    'InvalidRequestException',
    400,
    "You can't perform this operation on the secret because it was marked for deletion.",
    'secret_deleted',
  ],
  [
    'InvalidRequestException',
    400,
    "You tried to perform the operation on a secret that's currently marked deleted.",
    'secret_deleted',
  ],
  [
    'InvalidRequestException',
    400,
    'You provided a VersionStage that is not associated to the provided VersionId.',
    'version_not_found',
  ],
  ['InvalidRequestException', 400, 'Something else.', 'invalid_request'],
  ['AccessDeniedException', 400, 'User: arn:… is not authorized to perform: …', 'access_denied'],
  ['AccessDeniedException', 400, 'Access to KMS is not allowed', 'access_denied', 'kms'],
  ['AccessDenied', 403, 'not authorized to perform sts:AssumeRole', 'access_denied'],
  ['ExpiredTokenException', 400, '', 'unauthenticated', 'expired_token'],
  ['ExpiredToken', 403, '', 'unauthenticated', 'expired_token'],
  ['UnrecognizedClientException', 400, '', 'unauthenticated', 'unknown_key'],
  ['InvalidClientTokenId', 403, '', 'unauthenticated', 'unknown_key'],
  ['InvalidSignatureException', 400, 'Signature expired: …', 'unauthenticated', 'invalid_signature'],
  ['SignatureDoesNotMatch', 403, '', 'unauthenticated', 'invalid_signature'],
  ['MissingAuthenticationTokenException', 400, '', 'unauthenticated', 'missing_token'],
  ['ThrottlingException', 400, 'Rate exceeded', 'rate_limited'],
  ['Throttling', 400, '', 'rate_limited'],
  ['TooManyRequestsException', 429, '', 'rate_limited'],
  ['RequestLimitExceeded', 503, '', 'rate_limited'],
  ['', 429, '', 'rate_limited'],
  ['InternalFailure', 500, '', 'unavailable'],
  ['InternalServiceError', 500, '', 'unavailable'],
  ['ServiceUnavailable', 503, '', 'unavailable'],
  ['', 502, '', 'unavailable'],
  ['', 504, '', 'timeout'],
  ['DecryptionFailure', 400, '', 'integrity', 'kms'],
  ['ResourceExistsException', 400, '', 'conflict'],
  ['ValidationException', 400, '', 'invalid_request'],
  ['InvalidParameterException', 400, '', 'invalid_request'],
  [
    'InvalidParameterException',
    400,
    "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version x",
    'conflict',
    'stage_elsewhere',
  ],
  ['ParameterNotFound', 400, '', 'secret_not_found'],
  ['ParameterVersionNotFound', 400, 'Systems Manager could not find version 7 of db.', 'version_not_found'],
  ['ParameterAlreadyExists', 400, 'The parameter already exists.', 'conflict'],
  ['TooManyUpdates', 400, '', 'rate_limited'],
  ['ParameterLimitExceeded', 400, '', 'invalid_request', 'quota'],
  ['ParameterMaxVersionLimitExceeded', 400, '', 'invalid_request', 'quota'],
  [
    'InvalidKeyId',
    400,
    'The ciphertext refers to a key … (… Error Code: AccessDeniedException)',
    'access_denied',
    'kms',
  ],
  ['InvalidKeyId', 400, 'arn:… is disabled.', 'integrity', 'kms'],
  ['InternalServerError', 500, '', 'unavailable'],
  ['HierarchyTypeMismatchException', 400, '', 'invalid_request'],
  ['SomethingNewException', 400, '', 'invalid_request'],
  ['', 403, '', 'access_denied'],
  ['', 404, '', 'invalid_request'],
]

describe('an error of AWS', () => {
  it.each(cases.map((row) => ({ row })))('$row', ({ row: [name, status, message, code, reason] }) => {
    expect(errorCodeOfAws({ name, status, message })).toEqual(reason === undefined ? { code } : { code, reason })
  })

  it('is an absence only where AWS names one', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 400, max: 599 }), fc.string(), (name, status, message) => {
        fc.pre(!/^(?:ResourceNotFound|InvalidRequest|Parameter(?:Version)?NotFound)/.test(name))
        expect(errorCodeOfAws({ name, status, message }).code).not.toMatch(/not_found|deleted/)
      }),
    )
  })

  it.each(Object.entries(awsErrorStatus))('%s has a meaning', (name, status) => {
    expect(errorCodeOfAws({ name, status, message: '' }).code).not.toBe('internal')
  })
})
