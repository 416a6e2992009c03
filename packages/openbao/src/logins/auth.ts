import type { Login } from '../login.ts'
import { type AppRoleAuth, appRoleLogin } from './approle.ts'
import { type JwtAuth, jwtLogin, type KubernetesAuth } from './jwt.ts'
import { type TokenAuth, tokenLogin } from './token.ts'

/** How a client gets its token. */
export type Auth = TokenAuth | AppRoleAuth | KubernetesAuth | JwtAuth

export const loginOf = (auth: Auth, source: string): Login => {
  switch (auth.method) {
    case 'token':
      return tokenLogin(auth, source)
    case 'approle':
      return appRoleLogin(auth, source)
    case 'kubernetes':
    case 'jwt':
      return jwtLogin(auth, source)
  }
}
