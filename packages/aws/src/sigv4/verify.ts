import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Authorization, Claim } from './authorization.ts'
import { claimOf } from './claim.ts'
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
  /** What stands behind an access key id, and the session token that came with it, if there is one. */
  readonly findSecretKey: (accessKeyId: string, sessionToken: string | undefined) => SecretKey | undefined
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
  { date, atMs, validForMs }: Claim,
  { nowMs, skewMs = 300_000 }: VerifyOptions,
): SignatureRefusal | undefined => {
  const minutes = Math.round(skewMs / 60_000)
  if (nowMs > atMs + (validForMs ?? skewMs))
    return refusal(
      'InvalidSignatureException',
      validForMs === undefined
        ? `Signature expired: ${date} is now earlier than ${amzDate(nowMs - skewMs)} (${amzDate(nowMs)} - ${minutes} min.)`
        : `Signature expired: ${date} is now earlier than ${amzDate(nowMs - validForMs)} (${amzDate(nowMs)} - ${validForMs / 1_000} s)`,
    )
  if (atMs > nowMs + skewMs)
    return refusal(
      'InvalidSignatureException',
      `Signature not yet current: ${date} is still later than ${amzDate(nowMs + skewMs)} (${amzDate(nowMs)} + ${minutes} min.)`,
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

const checkSignature = (
  request: WireRequest & { readonly headers: Headers; readonly bodyHash: string },
  { accessKeyId, scope, signedHeaders, signature, date, target, sessionToken }: Claim,
  options: VerifyOptions,
): SignatureRefusal | undefined => {
  const found = options.findSecretKey(accessKeyId, sessionToken)
  const [keyId, secret] = found ? [accessKeyId, found.secretAccessKey] : [dummyKeyId, dummySecret]
  const canonical = target.startsWith('/')
    ? canonicalRequest({ ...request, target }, signedHeaders, request.bodyHash)
    : undefined
  const key = options.signingKeys?.get(keyId, secret, scope) ?? deriveSigningKey(secret, scope)
  const same = sameSignature(signatureOf(key, date, scope, canonical ?? ''), signature)
  if (!found) return refusal('UnrecognizedClientException')
  if (!same || canonical === undefined) return refusal('InvalidSignatureException')
  return checkToken(found, sessionToken, options.nowMs)
}

/**
 * Whether a request was signed with SigV4, in its headers or (presigned) in its query, by the holder of a key.
 *
 * `host` and every `x-amz-*` header have to be signed. An unknown access key costs the same work as a known one, and
 * signatures and tokens are compared in constant time.
 */
export const verifySignature = (
  request: SignedRequest,
  options: VerifyOptions,
): VerifiedSignature | SignatureRefusal => {
  const bodyHash = sha256Hex(request.body)
  const headers = headerValues(request.rawHeaders)
  const read = claimOf(request.target, headers)
  if (!read.ok) return read
  const claim = read.value
  return (
    checkClock(claim, options) ??
    checkHeaders(headers, claim.signedHeaders, bodyHash) ??
    checkScope(claim, claim.date, options) ??
    checkSignature({ ...request, headers, bodyHash }, claim, options) ?? {
      ok: true,
      accessKeyId: claim.accessKeyId,
      region: claim.scope.region,
      service: claim.scope.service,
      signedHeaders: claim.signedHeaders,
    }
  )
}
