import type { Rotator } from '../../ports/rotator.ts'
import { OneUser, type OneUserOptions } from '../database-users/one-user.ts'
import type { PostgresReach } from './postgres-session.ts'
import { postgresUsers } from './postgres-users.ts'

export interface PostgresUserOptions extends OneUserOptions, PostgresReach {}

/**
 * One user of PostgreSQL gets a new password. Between that and the moment in which the new version is current, readers
 * have a password that is refused: they have to try the pending one (`withSecret`). The server is sent a SCRAM verifier,
 * never the password. Sessions that are open stay open.
 */
export const postgresUserRotator = (options: PostgresUserOptions): Rotator =>
  new OneUser('postgres-user', postgresUsers(options), options)
