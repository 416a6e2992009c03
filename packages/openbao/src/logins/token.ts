import { SecretsError } from '@keyplane/core'
import { type Ask, GrantedToken, type Login } from '../login.ts'
import { type Credential, fingerprintOf, readCredential } from './credential.ts'
import { ttlMsOf } from './granted.ts'

export interface TokenAuth {
  readonly method: 'token'
  readonly token: Credential
}

const lookUp = async (token: string, ask: Ask): Promise<GrantedToken> => {
  try {
    const answer = await ask({ method: 'GET', path: 'auth/token/lookup-self', token })
    const ttlMs = ttlMsOf(answer.member('data', 'ttl'))
    return new GrantedToken(token, { ttlMs, renewable: answer.member('data', 'renewable') === true })
  } catch (thrown) {
    // A token that may not look at itself is alive all the same; how long it lives is not known.
    if (thrown instanceof SecretsError && thrown.code === 'access_denied' && thrown.reason !== 'proxy')
      return new GrantedToken(token, { ttlMs: undefined, renewable: false })
    throw thrown
  }
}

/** A token that is there already. One from a file is read again when it is refused. */
export const tokenLogin = ({ token }: TokenAuth, source: string): Login => ({
  method: 'token',
  present: async () => {
    const text = await readCredential(token, 'The OpenBao token', source)
    return { fingerprint: fingerprintOf('token', text), grant: (ask) => lookUp(text, ask) }
  },
})
