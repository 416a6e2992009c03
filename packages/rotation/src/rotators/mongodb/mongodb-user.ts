import type { Rotator } from '../../ports/rotator.ts'
import { OneUser, type OneUserOptions } from '../database-users/one-user.ts'
import type { MongodbReach } from './mongodb-session.ts'
import { mongodbUsers } from './mongodb-users.ts'

export interface MongodbUserOptions extends OneUserOptions, MongodbReach {}

/**
 * One user of MongoDB gets a new password. Between that and the moment in which the new version is current, readers have a
 * password that is refused: they have to try the pending one (`withSecret`). MongoDB takes the password itself, which its
 * log leaves out: use TLS. Without an administrator, the user needs the action `changeOwnPassword`.
 *
 * **Unverified against a real server.** What is sent is checked against the driver and a double of the wire.
 */
export const mongodbUserRotator = (options: MongodbUserOptions): Rotator =>
  new OneUser('mongodb-user', mongodbUsers(options), options)
