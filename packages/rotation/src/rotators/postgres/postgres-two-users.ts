import type { Rotator } from '../../ports/rotator.ts'
import { TwoUsers, type TwoUsersOptions } from '../database-users/two-users.ts'
import type { PostgresReach } from './postgres-session.ts'
import { postgresUsers } from './postgres-users.ts'

export interface PostgresTwoUsersOptions extends TwoUsersOptions, PostgresReach {}

/**
 * Two users of PostgreSQL take turns: `app` and `app_clone`, so that what readers have is accepted at every moment. The
 * clone is made a member of the role that it is a clone of, and may do what that one may. The server is sent a SCRAM
 * verifier, never the password.
 */
export const postgresTwoUsersRotator = (options: PostgresTwoUsersOptions): Rotator =>
  new TwoUsers('postgres-two-users', postgresUsers(options), options)
