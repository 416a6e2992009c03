import { type Clock, SecretsError } from '@keyplane/core'
import type { OpenBaoAnswer } from '@keyplane/openbao'
import { askRole, type DatabaseRoleOptions, textIn } from './database-role.ts'

export interface StaticRoleStateOptions extends Omit<DatabaseRoleOptions, 'target'> {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How late OpenBao may be; it looks every five seconds, and tries again after ten. Default 30,000. */
  readonly slackMs?: number
}

/** How OpenBao's own rotation of a static role stands. */
export interface StaticRoleState {
  readonly rotatedAtMs: number
  readonly periodMs: number
  /** OpenBao can't change the password: it goes on giving the old one as if nothing were wrong. */
  readonly isOverdue: boolean
}

/** Asks OpenBao how a static role stands. @throws SecretsError `bad_response`, and what the client throws. */
export const staticRoleState = async (options: StaticRoleStateOptions): Promise<StaticRoleState> => {
  const { clock, slackMs = 30_000 } = options
  const answer = await askRole(options, options, { method: 'GET', of: 'static-creds' })
  const rotatedAtMs = momentIn(answer)
  const periodMs = secondsIn(answer, 'rotation_period') * 1_000
  const isOverdue = secondsIn(answer, 'ttl') === 0 && clock.nowMs() > rotatedAtMs + periodMs + slackMs
  return { rotatedAtMs, periodMs, isOverdue }
}

/** The server says `last_vault_rotation`, its documentation `last_openbao_rotation`. */
const momentIn = (answer: OpenBaoAnswer): number => {
  const name =
    answer.member('data', 'last_vault_rotation') === undefined ? 'last_openbao_rotation' : 'last_vault_rotation'
  const atMs = Date.parse(textIn(answer, 'data', name))
  if (Number.isFinite(atMs)) return atMs
  throw badNumber(name)
}

const secondsIn = (answer: OpenBaoAnswer, name: string): number => {
  const found = answer.member('data', name)
  if (typeof found === 'number' && Number.isFinite(found)) return found
  throw badNumber(name)
}

const badNumber = (name: string): SecretsError =>
  new SecretsError('bad_response', `OpenBao's answer has no number or moment at "data.${name}".`, {
    reason: 'answer_shape',
  })
