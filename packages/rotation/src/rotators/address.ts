import type { SecretValue } from '@keyplane/core'
import { badShape, requireMembers, textMember } from './credential.ts'

/** Where a credential is used. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

/**
 * A value's `host`, `port` and `ssl`, as AWS's rotation functions keep them. Without `ssl`, TLS is left out to this machine
 * alone: whoever listens elsewhere would be told a password, or proof of it.
 * @throws SecretsError `source_misconfigured` (`value_shape`)
 */
export const addressOf = (value: SecretValue, defaultPort: number): Address => {
  const { port = defaultPort, ssl } = requireMembers(value)
  const host = textMember(value, 'host')
  const number = Number(port)
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw badShape('has a "port" that is none')
  return { host, port: number, tls: tlsOf(ssl, host) }
}

/** What a value's `ssl` means. @throws SecretsError `source_misconfigured` (`value_shape`) */
export const tlsOf = (ssl: unknown, host: string): boolean => {
  if (ssl === undefined) return !['localhost', '127.0.0.1', '::1'].includes(host)
  if (ssl === true || ssl === 'true') return true
  if (ssl === false || ssl === 'false') return false
  throw badShape('has an "ssl" that is neither true nor false')
}
