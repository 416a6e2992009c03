/** Why a signature is refused, by the name that AWS's JSON services give it. */
export type SignatureErrorName =
  | 'MissingAuthenticationTokenException'
  | 'IncompleteSignatureException'
  | 'UnrecognizedClientException'
  | 'InvalidSignatureException'
  | 'ExpiredTokenException'

export interface SignatureRefusal {
  readonly ok: false
  readonly error: SignatureErrorName
  /** AWS's own text where it has one; never a key or a token. */
  readonly message: string
}

/** AWS's text for each, where the case at hand has none of its own. */
const texts: Readonly<Record<SignatureErrorName, string>> = {
  MissingAuthenticationTokenException: 'Missing Authentication Token',
  IncompleteSignatureException: 'The request signature does not conform to AWS standards.',
  UnrecognizedClientException: 'The security token included in the request is invalid.',
  InvalidSignatureException:
    'The request signature we calculated does not match the signature you provided. ' +
    'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  ExpiredTokenException: 'The security token included in the request is expired',
}

/** A refusal with AWS's text for it, or the one given. */
export const refusal = (error: SignatureErrorName, message: string = texts[error]): SignatureRefusal => ({
  ok: false,
  error,
  message,
})

const queryErrors = {
  MissingAuthenticationTokenException: { code: 'MissingAuthenticationToken', status: 403 },
  IncompleteSignatureException: { code: 'IncompleteSignature', status: 400 },
  UnrecognizedClientException: { code: 'InvalidClientTokenId', status: 403 },
  InvalidSignatureException: { code: 'SignatureDoesNotMatch', status: 403 },
  ExpiredTokenException: { code: 'ExpiredToken', status: 403 },
} as const satisfies Record<SignatureErrorName, { readonly code: string; readonly status: number }>

/** The same refusal as STS and the other query services name it, with the HTTP status they send. JSON services: 400. */
export const queryErrorOf = (error: SignatureErrorName): { readonly code: string; readonly status: number } =>
  queryErrors[error]
