import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { parseEndpoint } from '@keyplane/http'
import type { Auth, Credential, OpenBaoClientOptions } from '@keyplane/openbao'
import { type ProviderSettings, setting } from './provider-settings.ts'

type Problems = string[]

/** A setting of OpenBao's own or of HashiCorp Vault's command, empty counting as unset. */
const theirs = ({ env }: ProviderSettings, name: string): string | undefined =>
  env[`BAO_${name}`] || env[`VAULT_${name}`] || undefined

const endpointsOf = (settings: ProviderSettings, problems: Problems): readonly string[] => {
  const address = setting(settings, 'OPENBAO_ADDR') ?? theirs(settings, 'ADDR')
  if (address === undefined) {
    problems.push('KEYPLANE_OPENBAO_ADDR is not set; give the address, such as "https://openbao.example.com:8200".')
    return []
  }
  const endpoints = address.split(',').map((endpoint) => endpoint.trim())
  for (const endpoint of endpoints)
    try {
      parseEndpoint(endpoint)
    } catch (thrown) {
      problems.push(`KEYPLANE_OPENBAO_ADDR: ${(thrown as SecretsError).message}`)
    }
  return endpoints
}

const tokenOf = (settings: ProviderSettings): Auth | undefined => {
  const file = setting(settings, 'OPENBAO_TOKEN_FILE')
  const text = setting(settings, 'OPENBAO_TOKEN')
  if (file !== undefined) return { method: 'token', token: { file } }
  return text === undefined ? undefined : { method: 'token', token: text }
}

const flagOf = (name: string, text: string | undefined, problems: Problems): boolean => {
  if (text !== undefined && text !== 'true' && text !== 'false')
    problems.push(`KEYPLANE_${name}: ${JSON.stringify(text)} is neither true nor false.`)
  return text === 'true'
}

const appRoleOf = (settings: ProviderSettings, problems: Problems): Auth | undefined => {
  const roleId = setting(settings, 'OPENBAO_ROLE_ID')
  const file = setting(settings, 'OPENBAO_SECRET_ID_FILE')
  const text = setting(settings, 'OPENBAO_SECRET_ID')
  const wrapped = flagOf('OPENBAO_SECRET_ID_WRAPPED', setting(settings, 'OPENBAO_SECRET_ID_WRAPPED'), problems)
  const secretId: Credential | undefined = file === undefined ? text : { file }
  if (roleId === undefined && secretId === undefined) return undefined
  if (roleId === undefined || secretId === undefined) {
    const missing = roleId === undefined ? 'OPENBAO_ROLE_ID' : 'OPENBAO_SECRET_ID or OPENBAO_SECRET_ID_FILE'
    problems.push(`KEYPLANE_${missing} is not set; AppRole needs a role id and a secret id.`)
    return undefined
  }
  return { method: 'approle', roleId, secretId, wrapped }
}

const jwtOf = (settings: ProviderSettings, problems: Problems): Auth | undefined => {
  const role = setting(settings, 'OPENBAO_JWT_ROLE')
  const file = setting(settings, 'OPENBAO_JWT_FILE')
  if (role === undefined) return undefined
  if (file !== undefined) return { method: 'jwt', role, jwt: { file } }
  problems.push('KEYPLANE_OPENBAO_JWT_FILE is not set; the role needs a JWT.')
  return undefined
}

const kubernetesOf = (settings: ProviderSettings): Auth | undefined => {
  const role = setting(settings, 'OPENBAO_KUBERNETES_ROLE')
  const file = setting(settings, 'OPENBAO_JWT_FILE')
  if (role === undefined) return undefined
  return { method: 'kubernetes', role, ...(file === undefined ? {} : { jwt: { file } }) }
}

/** Where the login is mounted, if not at its own name. */
const mounted = (auth: Auth, mount: string | undefined): Auth =>
  mount === undefined || auth.method === 'token' ? auth : { ...auth, mount }

/** The token of OpenBao's and Vault's own command, for whoever has set no login for Keyplane. */
const theirToken = (settings: ProviderSettings): Auth | undefined => {
  const token = theirs(settings, 'TOKEN')
  if (token !== undefined) return { method: 'token', token }
  const home = settings.env['HOME']
  return home ? { method: 'token', token: { file: join(home, '.vault-token') } } : undefined
}

const authOf = (settings: ProviderSettings, problems: Problems): Auth | undefined => {
  const known = problems.length
  const found = [
    tokenOf(settings),
    appRoleOf(settings, problems),
    kubernetesOf(settings),
    jwtOf(settings, problems),
  ].filter((auth) => auth !== undefined)
  if (found.length > 1)
    problems.push(`Only one login to OpenBao can be set, not ${found.map(({ method }) => method).join(' and ')}.`)
  const auth = found[0] ?? theirToken(settings)
  if (auth) return mounted(auth, setting(settings, 'OPENBAO_AUTH_MOUNT'))
  if (problems.length === known)
    problems.push('No login to OpenBao is set: a token, AppRole, Kubernetes or JWT; see docs/providers/openbao.md.')
  return undefined
}

const caOf = async (settings: ProviderSettings, problems: Problems): Promise<string | undefined> => {
  const file = setting(settings, 'OPENBAO_CACERT') ?? theirs(settings, 'CACERT')
  if (file === undefined) return undefined
  const text = await readFile(file, 'utf8').catch(() => '')
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    problems.push(`KEYPLANE_OPENBAO_CACERT: ${JSON.stringify(file)} can't be read, or holds no PEM certificate.`)
  return text
}

/**
 * The provider's options by settings; OpenBao's and HashiCorp Vault's own variables count where Keyplane's are not set.
 * @throws SecretsError `config_invalid`, with every problem in one message.
 */
export const openBaoOptions = async (
  settings: ProviderSettings,
): Promise<Omit<OpenBaoClientOptions, 'source'> & { readonly mount?: string; readonly dynamic?: Iterable<string> }> => {
  const problems: Problems = []
  const endpoints = endpointsOf(settings, problems)
  const auth = authOf(settings, problems)
  const ca = await caOf(settings, problems)
  const mount = setting(settings, 'OPENBAO_MOUNT')
  const namespace = setting(settings, 'OPENBAO_NAMESPACE') ?? theirs(settings, 'NAMESPACE')
  if (problems.length > 0 || !auth) throw new SecretsError('config_invalid', problems.join('\n'), { source: 'openbao' })
  return {
    endpoints,
    auth,
    clock: settings.clock,
    ...(settings.dynamic && { dynamic: settings.dynamic }),
    ...(settings.refusals && { refusals: settings.refusals }),
    ...(settings.correlationId && { correlationId: settings.correlationId }),
    ...(mount === undefined ? {} : { mount }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(ca === undefined ? {} : { ca }),
  }
}
