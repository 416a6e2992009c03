import type { SecretsLog } from '@keyplane/secrets'
import type { Users } from './users.ts'

export interface LostRolesParts {
  readonly users: Pick<Users, 'list'>
  /** Those that the configuration has. */
  readonly roles: ReadonlyMap<string, unknown>
  readonly log: SecretsLog
}

/** Tells of users who may do nothing, because the configuration has lost a role of theirs. Never rejects. */
export const tellLostRoles = async ({ users, roles, log }: LostRolesParts): Promise<void> => {
  // Who can't be read here can't log in either, and is told so.
  const has = (await users.list().catch(() => [])).flatMap((user) => user.roles)
  for (const role of new Set(has.filter((each) => !roles.has(each)))) {
    const count = has.filter((each) => each === role).length
    log.warn(`There is no role ${JSON.stringify(role)}: users who have it (${count}) may do nothing.`, {})
  }
}
