import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Authorization, type Parsed, parseAuthorization } from './authorization.ts'
import { canonicalRequest, headerValues, sha256Hex, type WireRequest } from './canonical-request.ts'
import { refusal, type SignatureRefusal } from './refusal.ts'
import { amzDate, signatureOf } from './signature.ts'
import { deriveSigningKey, type SigningKeyCache } from './signing-key.ts'

export interface SignedRequest extends WireRequest {
  /** The body's raw bytes, before anything parsed them. */
  readonly body: Uint8Array
}

/** What stands behind an access key id. */
export interface SecretKey {
  readonly secretAccessKey: string
  /** With temporary credentials: the token that every request has to carry. */
  readonly sessionToken?: string
  /** Epoch milliseconds, after which the token is expired. */
  readonly expiresAtMs?: number
}

export interface VerifyOptions {
  readonly findSecretKey: (accessKeyId: string) => SecretKey | undefined
  /** Where set, the only region that a request may be scoped to. */
  readonly region?: string
  /** The services that a request may be scoped to; the first is named in the refusal. */
  readonly services: readonly string[]
  /** Epoch milliseconds. */
  readonly nowMs: number
  /** How far the request's clock may be off, both ways. Default 5 minutes, as AWS. */
  readonly skewMs?: number
  readonly signingKeys?: SigningKeyCache
}

export interface VerifiedSignature {
  readonly ok: true
  readonly accessKeyId: string
  readonly region: string
  readonly service: string
  readonly signedHeaders: readonly string[]
}

type Headers = ReadonlyMap<string, readonly string[]>

/** Headers whose second value a server behind us might read in place of the signed pair. */
const singleHeaders = ['host', 'x-amz-date', 'x-amz-target', 'x-amz-security-token', 'x-amz-content-sha256'] as const

/** Stands in for the secret of an unknown access key, so that it costs what a known one costs. */
const dummySecret: string = randomBytes(32).toString('hex')
const dummyKeyId = ''

const compareKey = createSecretKey(randomBytes(32))
const digest = (text: string): Uint8Array => createHmac('sha256', compareKey).update(text).digest()
/** Equal texts, in a time that tells neither their content nor their length. */
const sameText = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))
/** Equal signatures; both have their 64 digits by then. */
const sameSignature = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a), Buffer.from(b))

const readAuthorization = (target: string, headers: Headers): Parsed<Authorization> => {
  const given = headers.get('authorization')
  if (!given) {
    return /[?&]X-Amz-(?:Algorithm|Signature|Credential)=/i.test(target)
      ? refusal(
          'IncompleteSignatureException',
          'A signature in the query string is not accepted here. Sign with the Authorization header.',
        )
      : refusal('MissingAuthenticationTokenException')
  }
  if (given.length > 1) return refusal('IncompleteSignatureException', 'There is more than one Authorization header.')
  return parseAuthorization(given[0] ?? '')
}

/** The moment an `x-amz-date` names, if it is one of the calendar. */
const momentOf = (date: string): number | undefined => {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(date)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  // A day such as 31 February would be carried over into March.
  return Number.isNaN(atMs) || amzDate(atMs) !== date ? undefined : atMs
}

const checkHeaders = (
  headers: Headers,
  signedHeaders: readonly string[],
  bodyHash: string,
): SignatureRefusal | undefined => {
  if (!signedHeaders.includes('host'))
    return refusal(
      'InvalidSignatureException',
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    )
  for (const name of singleHeaders)
    if ((headers.get(name)?.length ?? 0) > 1)
      return refusal('InvalidSignatureException', `The header '${name}' is there more than once.`)
  // An unsigned x-amz-target would let whoever saw one request turn it into another.
  for (const name of headers.keys())
    if (name.startsWith('x-amz-') && !signedHeaders.includes(name))
      return refusal('InvalidSignatureException', `'${name}' must be a 'SignedHeader' in the AWS Authorization.`)
  const stated = headers.get('x-amz-content-sha256')?.[0]
  if (stated !== undefined && stated !== bodyHash)
    return refusal('InvalidSignatureException', "The 'x-amz-content-sha256' header does not match the request's body.")
  return undefined
}

const checkScope = ({ scope }: Authorization, date: string, options: VerifyOptions): SignatureRefusal | undefined => {
  let message = ''
  if (options.region !== undefined && scope.region !== options.region)
    message += `Credential should be scoped to a valid region, not '${scope.region}'. `
  if (!options.services.includes(scope.service))
    message += `Credential should be scoped to correct service: '${options.services[0] ?? ''}'. `
  if (scope.date !== date.slice(0, 8))
    message +=
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
      `'${scope.date}' != '${date.slice(0, 8)}', from '${date}'.`
  return message === '' ? undefined : refusal('InvalidSignatureException', message)
}

const checkClock = (
  date: string,
  atMs: number,
  { nowMs, skewMs = 300_000 }: VerifyOptions,
): SignatureRefusal | undefined => {
  const [now, minutes] = [amzDate(nowMs), Math.round(skewMs / 60_000)]
  if (atMs < nowMs - skewMs)
    return refusal(
      'InvalidSignatureException',
      `Signature expired: ${date} is now earlier than ${amzDate(nowMs - skewMs)} (${now} - ${minutes} min.)`,
    )
  if (atMs > nowMs + skewMs)
    return refusal(
      'InvalidSignatureException',
      `Signature not yet current: ${date} is still later than ${amzDate(nowMs + skewMs)} (${now} + ${minutes} min.)`,
    )
  return undefined
}

const checkToken = (key: SecretKey, given: string | undefined, nowMs: number): SignatureRefusal | undefined => {
  const expected = key.sessionToken
  const same = given === undefined || expected === undefined ? given === expected : sameText(given, expected)
  if (!same) return refusal('UnrecognizedClientException')
  if (key.expiresAtMs !== undefined && nowMs >= key.expiresAtMs) return refusal('ExpiredTokenException')
  return undefined
}

const readDate = (headers: Headers): Parsed<{ readonly date: string; readonly atMs: number }> => {
  const date = headers.get('x-amz-date')?.[0]
  if (date === undefined)
    return refusal(
      'IncompleteSignatureException',
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    )
  const atMs = momentOf(date)
  return atMs === undefined
    ? refusal(
        'IncompleteSignatureException',
        `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
      )
    : { ok: true, value: { date, atMs } }
}

const checkSignature = (
  request: WireRequest & { readonly headers: Headers; readonly bodyHash: string; readonly date: string },
  { accessKeyId, scope, signedHeaders, signature }: Authorization,
  options: VerifyOptions,
): SignatureRefusal | undefined => {
  const found = options.findSecretKey(accessKeyId)
  const [keyId, secret] = found ? [accessKeyId, found.secretAccessKey] : [dummyKeyId, dummySecret]
  const canonical = request.target.startsWith('/')
    ? canonicalRequest(request, signedHeaders, request.bodyHash)
    : undefined
  const key = options.signingKeys?.get(keyId, secret, scope) ?? deriveSigningKey(secret, scope)
  const same = sameSignature(signatureOf(key, request.date, scope, canonical ?? ''), signature)
  if (!found) return refusal('UnrecognizedClientException')
  if (!same || canonical === undefined) return refusal('InvalidSignatureException')
  return checkToken(found, request.headers.get('x-amz-security-token')?.[0], options.nowMs)
}

/**
 * Whether a request was signed, with SigV4 in its headers, by the holder of a key.
 *
 * `host`, `x-amz-date` and every other `x-amz-*` header have to be signed. An unknown access key costs the same work as
 * a known one, and signatures and tokens are compared in constant time. A signature in the query string is refused.
 */
export const verifySignature = (
  request: SignedRequest,
  options: VerifyOptions,
): VerifiedSignature | SignatureRefusal => {
  const bodyHash = sha256Hex(request.body)
  const headers = headerValues(request.rawHeaders)
  const read = readAuthorization(request.target, headers)
  if (!read.ok) return read
  const authorization = read.value
  const moment = readDate(headers)
  if (!moment.ok) return moment
  const { date, atMs } = moment.value
  return (
    checkClock(date, atMs, options) ??
    checkHeaders(headers, authorization.signedHeaders, bodyHash) ??
    checkScope(authorization, date, options) ??
    checkSignature({ ...request, headers, bodyHash, date }, authorization, options) ?? {
      ok: true,
      accessKeyId: authorization.accessKeyId,
      region: authorization.scope.region,
      service: authorization.scope.service,
      signedHeaders: authorization.signedHeaders,
    }
  )
}
