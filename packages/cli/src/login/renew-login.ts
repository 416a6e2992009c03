import type { Context } from '../context.ts'
import { lifeOf, type Login, type Logins } from './logins.ts'
import type { ServiceApi } from './service-api.ts'

export interface RenewLoginParts extends Pick<Context, 'clock' | 'random'> {
  readonly logins: Logins
  /** Asks by the login's token. */
  readonly api: ServiceApi
}

/** Lets a session last on of which half is over. What fails here fails for the command too, which tells of it. */
export const renewLogin = async (login: Login, { logins, api, clock, random }: RenewLoginParts): Promise<void> => {
  const { renewAt } = login
  if (renewAt !== undefined && clock.nowMs() < Date.parse(renewAt)) return
  try {
    const { expiresAt } = await api.ask<{ readonly expiresAt: string }>('/v1/sessions/renew', { method: 'POST' })
    logins.update({ ...login, ...lifeOf(expiresAt, clock.nowMs()) }, random)
  } catch {
    // A session that has ended is not worth a word of its own.
  }
}
