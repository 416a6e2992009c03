import { createHmac } from 'node:crypto'

/**
 * The header `X-Keyplane-Signature` of a body: `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY` with the
 * shared secret. The time is signed too, so that what is posted again much later is told apart.
 */
export const webhookSignature = (body: string, secret: string, atMs: number): string => {
  const seconds = Math.floor(atMs / 1_000)
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}
