import { createHmac, type KeyObject } from 'node:crypto'
import { sha256Hex } from './canonical-request.ts'
import { type SigningScope, scopeTerminator } from './signing-key.ts'

/** The one algorithm spoken here. */
export const sigV4Algorithm = 'AWS4-HMAC-SHA256'

/** A moment as SigV4 writes it: `20150830T123600Z`. */
export const amzDate = (atMs: number): string => new Date(atMs).toISOString().replace(/[-:]|\.\d{3}/g, '')

/** `20150830/us-east-1/secretsmanager/aws4_request`. */
export const scopeText = ({ date, region, service }: SigningScope): string =>
  `${date}/${region}/${service}/${scopeTerminator}`

/** The signature, in 64 hexadecimal digits. */
export const signatureOf = (key: KeyObject, date: string, scope: SigningScope, canonical: string): string =>
  createHmac('sha256', key)
    .update(`${sigV4Algorithm}\n${date}\n${scopeText(scope)}\n${sha256Hex(canonical)}`)
    .digest('hex')
