import { type Claim, type Parsed, parseAuthorization } from './authorization.ts'
import { datedClaim } from './dated-claim.ts'
import { presignedClaim } from './presigned.ts'
import { refusal } from './refusal.ts'

type Headers = ReadonlyMap<string, readonly string[]>

/** Reads the claim from the headers, or from the query of a presigned request. */
export const claimOf = (target: string, headers: Headers): Parsed<Claim> => {
  const isPresigned = /[?&]X-Amz-(?:Algorithm|Signature|Credential)=/i.test(target)
  if (!isPresigned) return headerClaim(target, headers)
  if (headers.has('authorization'))
    return refusal('IncompleteSignatureException', 'The request is signed twice: in its headers and in its query.')
  return presignedClaim(target)
}

const headerClaim = (target: string, headers: Headers): Parsed<Claim> => {
  const given = headers.get('authorization')
  if (!given) return refusal('MissingAuthenticationTokenException')
  if (given.length > 1) return refusal('IncompleteSignatureException', 'There is more than one Authorization header.')
  const authorization = parseAuthorization(given[0] ?? '')
  if (!authorization.ok) return authorization
  const date = headers.get('x-amz-date')?.[0]
  if (date === undefined)
    // AWS takes `Date` as well, which no SDK sends; only what is taken is named.
    return refusal('IncompleteSignatureException', "Authorization header requires existence of a 'X-Amz-Date' header.")
  const sessionToken = headers.get('x-amz-security-token')?.[0]
  return datedClaim({ authorization: authorization.value, date, sessionToken, target })
}
