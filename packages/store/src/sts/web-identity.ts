import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose'
import { awsError } from '../aws-errors.ts'
import type { IdentityProvider } from '../iam/identity.ts'

/** What a web identity token says, verified. */
export interface WebIdentity {
  readonly provider: IdentityProvider
  readonly subject: string
  readonly audience: readonly string[]
  /** Of these, the one that the provider is known for. */
  readonly matchedAudience: string
  /** `azp`: whom the token was given to. */
  readonly authorizedParty?: string
}

/** The issuer of a token, before anything of it is verified. */
export const issuerOf = (token: string): string | undefined => {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const issuer = (claims as { iss?: unknown } | null)?.iss
    return typeof issuer === 'string' ? issuer : undefined
  } catch {
    return undefined
  }
}

const keySets = new WeakMap<IdentityProvider, ReturnType<typeof createLocalJWKSet>>()

const keySetOf = (provider: IdentityProvider): ReturnType<typeof createLocalJWKSet> => {
  const known = keySets.get(provider)
  if (known) return known
  const made = createLocalJWKSet(provider.keys as unknown as JSONWebKeySet)
  keySets.set(provider, made)
  return made
}

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']

/**
 * Verifies a token's signature, time, issuer, subject and audience. Clocks may differ by a minute.
 * @throws AwsError InvalidIdentityToken, ExpiredTokenException
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
export const verifyWebIdentity = async (
  token: string,
  provider: IdentityProvider,
  nowMs: number,
): Promise<WebIdentity> => {
  try {
    const { payload } = await jwtVerify(token, keySetOf(provider), {
      issuer: provider.issuer,
      audience: [...provider.audiences],
      algorithms,
      currentDate: new Date(nowMs),
      clockTolerance: 60,
      requiredClaims: ['sub', 'exp'],
    })
    const { sub, aud = [], azp } = payload
    if (typeof sub !== 'string' || sub === '') throw new errors.JWTInvalid('no subject')
    const audience = [aud].flat()
    return {
      provider,
      subject: sub,
      audience,
      matchedAudience: audience.find((one) => provider.audiences.includes(one)) ?? '',
      ...(typeof azp === 'string' && { authorizedParty: azp }),
    }
  } catch (error) {
    throw refusalOf(error)
  }
}

const refusalOf = (error: unknown): Error => {
  if (error instanceof errors.JWTExpired)
    return awsError('ExpiredTokenException', 'Token expired: current date/time must be before the expiration date/time')
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud')
    return awsError('InvalidIdentityToken', 'Incorrect token audience')
  // What is wrong with it is said in a word; the token itself is a secret.
  return awsError(
    'InvalidIdentityToken',
    "Couldn't verify the token: its signature, its issuer or its form is not right.",
  )
}
