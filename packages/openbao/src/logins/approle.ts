import type { Ask, Login, Presented } from '../login.ts'
import { unwrapSecretId } from '../wrapped-secret-id.ts'
import { type Credential, fingerprintOf, readCredential } from './credential.ts'
import { grantedBy } from './granted.ts'

export interface AppRoleAuth {
  readonly method: 'approle'
  readonly roleId: Credential
  /** The secret id, or with `wrapped` the response-wrapping token that holds it. */
  readonly secretId: Credential
  readonly wrapped?: boolean
  /** Where the method is mounted. Default `approle`. */
  readonly mount?: string
}

/** A wrapping token opens once: what was in it is kept for later logins, for as long as the token is the same. */
class WrappedSecretId {
  readonly #mount: string
  readonly #source: string
  #opened: { readonly wrapping: string; readonly secretId: string } | undefined

  constructor(mount: string, source: string) {
    this.#mount = mount
    this.#source = source
  }

  async open(wrapping: string, ask: Ask): Promise<string> {
    if (this.#opened?.wrapping === wrapping) return this.#opened.secretId
    const secretId = await unwrapSecretId({ wrapping, mount: this.#mount, ask, source: this.#source })
    this.#opened = { wrapping, secretId }
    return secretId
  }
}

/** A login by role id and secret id. */
export const appRoleLogin = (auth: AppRoleAuth, source: string): Login => {
  const { roleId, secretId, wrapped = false, mount = 'approle' } = auth
  const unwrapped = new WrappedSecretId(mount, source)
  const present = async (): Promise<Presented> => {
    const role_id = await readCredential(roleId, 'The role id', source)
    const given = await readCredential(secretId, wrapped ? 'The wrapping token' : 'The secret id', source)
    return {
      fingerprint: fingerprintOf('approle', role_id, given),
      role: fingerprintOf('approle', mount, role_id),
      grant: async (ask) => {
        const secret_id = wrapped ? await unwrapped.open(given, ask) : given
        const request = { method: 'POST', path: `auth/${mount}/login`, body: { role_id, secret_id } } as const
        // Not repeatable: a secret id may be good for one login only.
        return grantedBy(await ask({ ...request, isAppRole: true, atLeader: true }), source)
      },
    }
  }
  return { method: 'approle', present }
}
