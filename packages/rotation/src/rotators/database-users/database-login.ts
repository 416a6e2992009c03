import type { SecretValue } from '@keyplane/core'
import { type Address, addressOf } from '../address.ts'
import { requireMembers, textMember, withMembers } from '../credential.ts'

/** A login as AWS's rotation functions keep it: `host`, `port`, `username`, `password`, `dbname`, `ssl`. */
export interface DatabaseLogin extends Address {
  readonly user: string
  readonly password: string
  readonly database?: string | undefined
  /** Where the server keeps the user himself; absent where it tells users apart by their names alone. */
  readonly userDatabase?: string
}

/** What a rotation changes of a login. */
export interface NewLogin {
  readonly username?: string
  readonly password: string
}

/** @throws SecretsError `source_misconfigured` (`value_shape`) */
export const databaseLogin = (value: SecretValue, defaultPort: number): DatabaseLogin => ({
  ...addressOf(value, defaultPort),
  user: textMember(value, 'username'),
  password: textMember(value, 'password'),
  database: requireMembers(value)['dbname'] === undefined ? undefined : textMember(value, 'dbname'),
})

/** The value with another login in it, all else as it was. @throws SecretsError `source_misconfigured` (`value_shape`) */
export const withDatabaseLogin = (value: SecretValue, login: NewLogin): SecretValue => withMembers(value, { ...login })
