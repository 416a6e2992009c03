import { SecretsError } from '@keyplane/core'
import type { OpenBaoAnswer } from '../answer.ts'
import { GrantedToken } from '../login.ts'

/** Seconds as OpenBao gives them, 0 for "no end". */
export const ttlMsOf = (seconds: unknown): number | undefined =>
  typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined

/** The token of a login's answer. @throws SecretsError `bad_response` where there is none. */
export const grantedBy = (answer: OpenBaoAnswer, source: string): GrantedToken => {
  const token = answer.member('auth', 'client_token')
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    throw new SecretsError('bad_response', "OpenBao's answer to the login has no token.", { source })
  return new GrantedToken(token, {
    ttlMs: ttlMsOf(answer.member('auth', 'lease_duration')),
    renewable: answer.member('auth', 'renewable') === true,
  })
}
