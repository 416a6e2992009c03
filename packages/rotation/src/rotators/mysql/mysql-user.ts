import type { Rotator } from '../../ports/rotator.ts'
import { OneUser, type OneUserOptions } from '../database-users/one-user.ts'
import type { MysqlReach } from './mysql-session.ts'
import { mysqlUsers } from './mysql-users.ts'

export interface MysqlUserOptions extends OneUserOptions, MysqlReach {}

/**
 * One user of MariaDB or MySQL gets a new password; MySQL needs an administrator for it. Between that and the moment in
 * which the new version is current, readers have a password that is refused: they have to try the pending one
 * (`withSecret`). The server is sent the password's hash but for the logins. Sessions that are open stay open.
 */
export const mysqlUserRotator = (options: MysqlUserOptions): Rotator =>
  new OneUser('mysql-user', mysqlUsers(options), options)
