import type { Authorization, Claim, Parsed } from './authorization.ts'
import { refusal } from './refusal.ts'
import { momentOf } from './signature.ts'

interface Dated {
  readonly authorization: Authorization
  readonly date: string
  readonly sessionToken: string | undefined
  readonly target: string
}

/** The claim of an authorization at a date, which has to be one of the calendar. */
export const datedClaim = ({ authorization, date, sessionToken, target }: Dated): Parsed<Claim> => {
  const atMs = momentOf(date)
  if (atMs === undefined)
    return refusal(
      'IncompleteSignatureException',
      `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    )
  return {
    ok: true,
    value: { ...authorization, date, atMs, target, ...(sessionToken !== undefined && { sessionToken }) },
  }
}
