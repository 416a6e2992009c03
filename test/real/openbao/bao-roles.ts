import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { BaoServer } from './bao-server.ts'

/** What Keyplane's documentation asks for: read, list and write below `allowed/`, nothing else. */
export const policy = `
path "secret/data/allowed/*" { capabilities = ["create", "read", "update", "delete"] }
path "secret/metadata/allowed/*" { capabilities = ["read", "list", "delete"] }
path "secret/metadata/" { capabilities = ["list"] }
path "secret/metadata/allowed/" { capabilities = ["list"] }
`

export interface AppRole {
  readonly roleId: string
  readonly secretId: string
}

const textAt = (body: Readonly<Record<string, unknown>>, part: string, name: string): string =>
  String((body[part] as Readonly<Record<string, unknown>> | undefined)?.[name])

/** An AppRole with the policy of the documentation, its method mounted where it is not there yet. */
export const appRole = async (
  server: BaoServer,
  name: string,
  settings: object = { token_ttl: '10m' },
  headers: Record<string, string> = {},
): Promise<AppRole> => {
  await server.done('PUT', 'sys/policies/acl/keyplane', { policy }, headers)
  await server.call('POST', 'sys/auth/approle', { type: 'approle' }, headers)
  await server.done('POST', `auth/approle/role/${name}`, { token_policies: ['keyplane'], ...settings }, headers)
  const role = await server.done('GET', `auth/approle/role/${name}/role-id`, undefined, headers)
  const secret = await server.done('POST', `auth/approle/role/${name}/secret-id`, {}, headers)
  return { roleId: textAt(role, 'data', 'role_id'), secretId: textAt(secret, 'data', 'secret_id') }
}

/** A response-wrapping token around whatever the path answers. */
export const wrapped = async (server: BaoServer, path: string, headers: Record<string, string> = {}): Promise<string> =>
  textAt(await server.done('POST', path, {}, { 'x-vault-wrap-ttl': '60s', ...headers }), 'wrap_info', 'token')

/** A token with the policy. */
export const tokenFor = async (server: BaoServer, settings: object = {}): Promise<string> => {
  await server.done('PUT', 'sys/policies/acl/keyplane', { policy })
  const body = { policies: ['keyplane'], ...settings }
  return textAt(await server.done('POST', 'auth/token/create', body), 'auth', 'client_token')
}

/** Ends every token that an AppRole login gave. */
export const revokeAppRoleTokens = async (server: BaoServer): Promise<void> => {
  const { data } = await server.done('GET', 'auth/token/accessors?list=true')
  for (const accessor of (data as { readonly keys: readonly string[] }).keys) {
    const { body } = await server.call('POST', 'auth/token/lookup-accessor', { accessor })
    if (textAt(body, 'data', 'path') === 'auth/approle/login')
      await server.done('POST', 'auth/token/revoke-accessor', { accessor })
  }
}

/** Signs JWTs as an identity provider does. */
export class JwtIssuer {
  readonly #key: KeyObject
  readonly publicPem: string

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.#key = privateKey
    this.publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  }

  issue(claims: object, lifeSeconds = 600): string {
    const now = Math.floor(Date.now() / 1_000)
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
    const body = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ iat: now, exp: now + lifeSeconds, ...claims })}`
    return `${body}.${sign('sha256', Buffer.from(body), this.#key).toString('base64url')}`
  }
}
