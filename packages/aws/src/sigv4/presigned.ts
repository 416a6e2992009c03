import { type Authorization, type Claim, type Parsed, parseAuthorization } from './authorization.ts'
import { datedClaim } from './dated-claim.ts'
import { refusal } from './refusal.ts'

/** AWS: a presigned request is good for a week at most. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html */
const maxExpiresSeconds = 604_800

const names = ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature', 'Security-Token'] as const
type Name = (typeof names)[number]

/** Reads the claim of a presigned request from its query: each parameter once, nothing left out. */
export const presignedClaim = (target: string): Parsed<Claim> => {
  const question = target.indexOf('?')
  const given = new Map<Name, string>()
  const kept: string[] = []
  for (const pair of target.slice(question + 1).split('&')) {
    const name = names.find((known) => pair.startsWith(`X-Amz-${known}=`))
    if (name !== 'Signature') kept.push(pair)
    if (name === undefined) continue
    const value = decoded(pair.slice(`X-Amz-${name}=`.length))
    if (given.has(name) || value === undefined) return incomplete(name)
    given.set(name, value)
  }
  const authorization = authorizationOf(given)
  if (!authorization.ok) return authorization
  const claim = datedClaim({
    authorization: authorization.value,
    date: given.get('Date') ?? '',
    sessionToken: given.get('Security-Token'),
    target: `${target.slice(0, question)}?${kept.join('&')}`,
  })
  if (!claim.ok) return claim
  const seconds = given.get('Expires') ?? ''
  if (!/^[1-9]\d{0,5}$/.test(seconds) || Number(seconds) > maxExpiresSeconds) return incomplete('Expires')
  return { ok: true, value: { ...claim.value, validForMs: Number(seconds) * 1_000 } }
}

/** The same parts as in a header, read by the same rules. */
const authorizationOf = (given: ReadonlyMap<Name, string>): Parsed<Authorization> => {
  for (const name of names) if (name !== 'Security-Token' && !given.get(name)) return incomplete(name)
  const [credential, signedHeaders] = [given.get('Credential'), given.get('SignedHeaders')]
  return parseAuthorization(
    `${given.get('Algorithm')} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${given.get('Signature')}`,
  )
}

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const incomplete = (name: Name): ReturnType<typeof refusal> =>
  refusal('IncompleteSignatureException', `AWS query-string parameters must include a valid 'X-Amz-${name}'.`)
