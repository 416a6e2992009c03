import type { SecretValue } from '@keyplane/core'
import { requireSameServer } from '../same-server.ts'
import type { DatabaseLogin } from './database-login.ts'
import type { DatabaseUsers } from './database-users.ts'

/** An administrator's login to the server and the database that another login is for. @throws SecretsError `other_target` */
export const adminLogin = <S>(users: DatabaseUsers<S>, admin: SecretValue, other: DatabaseLogin): DatabaseLogin => {
  const login = users.loginOf(admin)
  requireSameServer(login, other)
  return { ...login, database: other.database }
}
