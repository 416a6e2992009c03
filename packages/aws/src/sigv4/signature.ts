import { createHmac, type KeyObject } from 'node:crypto'
import { sha256Hex } from './canonical-request.ts'
import { type SigningScope, scopeTerminator } from './signing-key.ts'

/** The one algorithm spoken here. */
export const sigV4Algorithm = 'AWS4-HMAC-SHA256'

/** A moment as SigV4 writes it: `20150830T123600Z`. */
export const amzDate = (atMs: number): string => new Date(atMs).toISOString().replace(/[-:]|\.\d{3}/g, '')

/** The moment that such a text names, if it is one of the calendar. */
export const momentOf = (date: string): number | undefined => {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(date)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  // A day such as 31 February would be carried over into March.
  return Number.isNaN(atMs) || amzDate(atMs) !== date ? undefined : atMs
}

/** `20150830/us-east-1/secretsmanager/aws4_request`. */
export const scopeText = ({ date, region, service }: SigningScope): string =>
  `${date}/${region}/${service}/${scopeTerminator}`

/** The signature, in 64 hexadecimal digits. */
export const signatureOf = (key: KeyObject, date: string, scope: SigningScope, canonical: string): string =>
  createHmac('sha256', key)
    .update(`${sigV4Algorithm}\n${date}\n${scopeText(scope)}\n${sha256Hex(canonical)}`)
    .digest('hex')
