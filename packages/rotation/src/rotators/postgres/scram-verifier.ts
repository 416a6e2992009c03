import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { SecretsError } from '@keyplane/core'

export interface ScramOptions {
  readonly salt: Uint8Array
  /** PostgreSQL's own default, and RFC 7677's least: 4,096. */
  readonly iterations?: number
}

/** What a server keeps of a password, from which it can't be had. */
export interface ScramKeys {
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

/**
 * SCRAM-SHA-256's keys of a password.
 * @throws SecretsError `invalid_request` for a password that is not printable ASCII: others would have to be normalised
 * first, and clients differ in that.
 * @see https://www.rfc-editor.org/rfc/rfc5802#section-3 https://www.rfc-editor.org/rfc/rfc7677
 */
export const scramKeys = (password: string, { salt, iterations = 4_096 }: ScramOptions): ScramKeys => {
  if (!/^[\x20-\x7e]+$/.test(password))
    throw new SecretsError('invalid_request', 'A password for SCRAM has to be of printable ASCII.', {
      reason: 'password',
    })
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const keyOf = (label: string): Buffer => createHmac('sha256', salted).update(label).digest()
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest()
  return { storedKey, serverKey: keyOf('Server Key') }
}

/** A password as PostgreSQL stores it, so that it need not be sent there. @throws SecretsError as `scramKeys` */
export const scramVerifier = (password: string, options: ScramOptions): string => {
  const { storedKey, serverKey } = scramKeys(password, options)
  const [salt, stored, server] = [options.salt, storedKey, serverKey].map((bytes) =>
    Buffer.from(bytes).toString('base64'),
  )
  return `SCRAM-SHA-256$${options.iterations ?? 4_096}:${salt}$${stored}:${server}`
}
