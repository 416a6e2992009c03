import type { SecretValue } from '@keyplane/core'
import { type Address, addressOf } from '../address.ts'
import { requireMembers, textMember } from '../credential.ts'

/** A login as AWS's rotation functions keep it: `host`, `port`, `username`, `password`, `dbname`, `ssl`. */
export interface DatabaseLogin extends Address {
  readonly user: string
  readonly password: string
  readonly database?: string | undefined
  /** Where the server keeps the user himself; absent where it tells users apart by their names alone. */
  readonly userDatabase?: string
}

/** @throws SecretsError `source_misconfigured` (`value_shape`) */
export const databaseLogin = (value: SecretValue, defaultPort: number): DatabaseLogin => ({
  ...addressOf(value, defaultPort),
  user: textMember(value, 'username'),
  password: textMember(value, 'password'),
  database: requireMembers(value)['dbname'] === undefined ? undefined : textMember(value, 'dbname'),
})
