import type { Rotator } from '../../ports/rotator.ts'
import { TwoUsers, type TwoUsersOptions } from '../database-users/two-users.ts'
import type { MysqlReach } from './mysql-session.ts'
import { mysqlUsers } from './mysql-users.ts'

export interface MysqlTwoUsersOptions extends TwoUsersOptions, MysqlReach {}

/**
 * Two users of MariaDB or MySQL take turns: `app` and `app_clone`, so that what readers have is accepted at every moment.
 * The clone is given the user's grants at each of its turns. The server is sent hashes but for the logins.
 */
export const mysqlTwoUsersRotator = (options: MysqlTwoUsersOptions): Rotator =>
  new TwoUsers('mysql-two-users', mysqlUsers(options), options)
