import type { AwsCredentials } from '../credentials.ts'
import { canonicalRequest, headerValues, sha256Hex } from './canonical-request.ts'
import { amzDate, scopeText, sigV4Algorithm, signatureOf } from './signature.ts'
import { deriveSigningKey, type SigningKeyCache } from './signing-key.ts'

export interface RequestToSign {
  readonly method: string
  /** The path and query as they go on the wire, encoded: `/?Action=GetCallerIdentity`. */
  readonly target: string
  /** `host` among them. Names in any case; a name with several values is given as a list. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Default: empty. */
  readonly body?: string | Uint8Array
  readonly credentials: AwsCredentials
  readonly region: string
  readonly service: string
  /** Epoch milliseconds. */
  readonly atMs: number
  readonly signingKeys?: SigningKeyCache
}

/** Headers that stay unsigned because a hop on the way may change them. Source: the AWS SDK for JavaScript's signer. */
const unsigned: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'connection',
  'expect',
  'from',
  'keep-alive',
  'max-forwards',
  'pragma',
  'referer',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-amzn-trace-id',
])

const isSigned = (name: string): boolean => !unsigned.has(name) && !/^(?:proxy|sec)-/.test(name)

const utf8AsLatin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const rawHeadersOf = (headers: RequestToSign['headers']): string[] =>
  Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).flatMap((one) => [name, utf8AsLatin1(one)]),
  )

/**
 * The headers that sign a request: `x-amz-date`, `authorization` and, with temporary credentials,
 * `x-amz-security-token`. Every given header is signed but those that hops may change.
 */
export const signRequest = (request: RequestToSign): Readonly<Record<string, string>> => {
  const { credentials, region, service } = request
  const date = amzDate(request.atMs)
  const scope = { date: date.slice(0, 8), region, service }
  const added: Record<string, string> = { 'x-amz-date': date }
  if (credentials.sessionToken !== undefined) added['x-amz-security-token'] = credentials.sessionToken

  const replaced = Object.entries(request.headers).filter(([name]) => !Object.hasOwn(added, name.toLowerCase()))
  const headers = headerValues(rawHeadersOf({ ...Object.fromEntries(replaced), ...added }))
  const signedHeaders = [...headers.keys()].filter(isSigned).sort()
  const body = request.body ?? ''
  const canonical = canonicalRequest(
    { method: request.method, target: utf8AsLatin1(request.target), headers },
    signedHeaders,
    sha256Hex(typeof body === 'string' ? utf8AsLatin1(body) : body),
  )
  const key =
    request.signingKeys?.get(credentials.accessKeyId, credentials.secretAccessKey, scope) ??
    deriveSigningKey(credentials.secretAccessKey, scope)
  // Every signed name was taken from the headers, so a canonical request there is.
  const signature = signatureOf(key, date, scope, canonical ?? '')
  added['authorization'] =
    `${sigV4Algorithm} Credential=${credentials.accessKeyId}/${scopeText(scope)}, ` +
    `SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`
  return added
}
