import type { Rotator } from '../../ports/rotator.ts'
import { TwoUsers, type TwoUsersOptions } from '../database-users/two-users.ts'
import type { MongodbReach } from './mongodb-session.ts'
import { mongodbUsers } from './mongodb-users.ts'

export interface MongodbTwoUsersOptions extends TwoUsersOptions, MongodbReach {}

/**
 * Two users of MongoDB take turns: `app` and `app_clone`, so that what readers have is accepted at every moment. The clone
 * is made with the user's roles, and given at each of his turns those that he misses. MongoDB takes the password itself,
 * which its log leaves out: use TLS.
 *
 * **Unverified against a real server.** What is sent is checked against the driver and a double of the wire.
 */
export const mongodbTwoUsersRotator = (options: MongodbTwoUsersOptions): Rotator =>
  new TwoUsers('mongodb-two-users', mongodbUsers(options), options)
