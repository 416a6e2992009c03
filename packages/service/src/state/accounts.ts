import type { AuditSink, Clock, Random } from '@keyplane/core'
import type { ServiceConfig } from '../config/service-config.ts'
import { Sessions } from '../sessions/sessions.ts'
import { type MayManage, mayManage } from '../users/may-manage.ts'
import { Passwords } from '../users/passwords.ts'
import { Users } from '../users/users.ts'
import { forCallers } from './for-callers.ts'
import type { State } from './open-state.ts'
import { recordedWrites } from './recorded-writes.ts'

export interface AccountsParts {
  readonly config: Pick<ServiceConfig, 'sessions' | 'roles'>
  /** The state's own log, or another. */
  readonly audit: AuditSink
  readonly clock: Clock
  readonly random: Random
}

/** Who has a login here, who may say so, and who is logged in. */
export interface Accounts {
  readonly sessions: Sessions
  readonly users: Users
  readonly mayManage: MayManage
}

/** The accounts that are kept in a state. */
export const accountsOf = (state: State, { config, audit, clock, random }: AccountsParts): Accounts => {
  const passwords = new Passwords(random)
  const { reader, writer } = forCallers(state)
  const write = recordedWrites({ writer, log: state.log }, audit)
  const parts = { reader, write, passwords, clock, roles: config.roles }
  return {
    sessions: new Sessions({ ...parts, config: config.sessions, audit, random }),
    users: new Users(parts),
    mayManage: mayManage({ audit, clock }),
  }
}
