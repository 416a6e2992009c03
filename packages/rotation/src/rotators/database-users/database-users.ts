import type { SecretValue } from '@keyplane/core'
import type { Acceptance, RotatorCall } from '../../ports/rotator.ts'
import type { DatabaseLogin, NewLogin } from './database-login.ts'

/**
 * Statements that change users, in one kind of server's words: SQL, or MongoDB's commands. A password is in none, only what
 * the server keeps of it, but for MongoDB, which takes nothing else.
 */
export interface UserStatements<Statement = string> {
  has(user: string): Promise<boolean>
  /** What gives the user of a login its password. */
  password(login: DatabaseLogin): Promise<readonly Statement[]>
  /** What gives the user of a login its password and all that another one may do, and makes him where he is missing. */
  twin(login: DatabaseLogin, of: string): Promise<readonly Statement[]>
}

export interface UserChange<Statement = string> {
  readonly by: DatabaseLogin
  readonly user: string
  /** Asked while nobody else changes the user. */
  readonly statements: (say: UserStatements<Statement>) => Promise<readonly Statement[]>
}

/** The users of one kind of database server. */
export interface DatabaseUsers<Statement = string> {
  /** Of longer names the server keeps a part, or takes none. */
  readonly maxNameBytes: number
  /** @throws SecretsError `source_misconfigured` (`value_shape`) */
  loginOf(value: SecretValue): DatabaseLogin
  /** The value with another login in it, in the shape that it has. @throws as `loginOf` */
  withLogin(value: SecretValue, login: NewLogin): SecretValue
  /** Logs in, and asks the server something. */
  test(call: RotatorCall, login: DatabaseLogin): Promise<Acceptance>
  /**
   * Changes a user as somebody who may. Changes of one user are done one after the other, those of a process that was
   * given up too: each later one sees what it left. `refused`: the server does not take the new password.
   * @throws SecretsError `unauthenticated` (`refused_login`) where that somebody can't log in.
   */
  change(call: RotatorCall, change: UserChange<Statement>): Promise<Acceptance>
}
