import { SecretsError } from '@keyplane/core'
import type { Address } from '../address.ts'

/**
 * What a server's own rules for passwords say no by: they have to see a password, and are sent what becomes of it.
 * invalid_parameter_value (the contrib module passwordcheck, and what was made after it), invalid_authorization_specification
 * (credcheck), feature_not_supported.
 */
const refusals: readonly unknown[] = ['22023', '28000', '0A000']

/** An extension that names no code of its own: so did credcheck before its version 1. */
const internalError = 'XX000'
const meantHashes = /plain ?text|encrypted|hash/i

/**
 * Tells a server that takes no verifier from one that fails: no other password will do there, and the password itself is not
 * sent instead, since the server's log would have it.
 * @throws SecretsError `source_misconfigured` (`refused_verifier`), else what was thrown
 */
export const refusedVerifier =
  (statement: string, { host, port }: Address) =>
  (thrown: unknown): never => {
    const { code, message = '' } = thrown as { readonly code?: string; readonly message?: string }
    const isRefusal = refusals.includes(code) || (code === internalError && meantHashes.test(message))
    if (!isRefusal || !statement.includes("password 'SCRAM-SHA-256$")) throw thrown
    throw new SecretsError(
      'source_misconfigured',
      `The PostgreSQL server at ${host}:${port} refuses a password that is sent as a SCRAM verifier.`,
      { reason: 'refused_verifier', cause: new Error(`PostgreSQL: ${code}`) },
    )
  }
