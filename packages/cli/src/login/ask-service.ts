import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import { parseEndpoint } from '@keyplane/http'
import { serviceTls } from '@keyplane/secrets/providers'
import type { Context } from '../context.ts'
import { findRunning } from '../data-folder/running-plane.ts'
import { serviceKeyFor } from '../data-folder/service-key.ts'
import { UsageError } from '../usage-error.ts'
import { type Login, Logins } from './logins.ts'
import { renewLogin } from './renew-login.ts'
import { ServiceApi } from './service-api.ts'

/** Options of each command that asks a service. */
export interface ServiceFlags {
  readonly service?: string
}

/** A service, and who asks it. */
export interface ServiceAccess {
  readonly api: ServiceApi
  readonly login: Login | undefined
  /** What is meant where no environment is named. */
  readonly environment: string | undefined
}

/** A variable of the provider `service`, so that commands and programs are told alike. */
const named = (env: Context['env'], name: string): string | undefined =>
  env[`KEYPLANE_SERVICE_${name}`] || env[`SECRETS_SERVICE_${name}`] || undefined

/** The service that a flag or the environment names, else that of the latest login, else the one of the plane that runs here. */
export const serviceUrl = ({ env, folder }: Pick<Context, 'env' | 'folder'>, { service }: ServiceFlags): string => {
  const url = service ?? named(env, 'URL') ?? new Logins(env).of(undefined)?.service ?? findRunning(folder)?.serviceUrl
  if (url !== undefined) return url
  throw new UsageError(
    'Which service? Name it with --service, KEYPLANE_SERVICE_URL, or log in: keyplane login --service URL',
  )
}

/** Acts with a service, by the token that the environment names, else by the login there, else by the key of the plane here. */
export const askService = async <T>(
  { env, clock, random, folder }: Pick<Context, 'env' | 'clock' | 'random' | 'folder'>,
  flags: ServiceFlags,
  act: (access: ServiceAccess) => Promise<T>,
): Promise<T> => {
  const service = serviceUrl({ env, folder }, flags)
  const logins = new Logins(env)
  const login = logins.of(service)
  const given = namedToken(env)
  const token = given ?? (login ? logins.tokenOf(login) : serviceKeyFor(parseEndpoint(service).origin, folder))
  const tls = await serviceTls({ env })
  if (token === undefined && !tls.clientCertificate)
    throw new SecretsError('unauthenticated', `Nobody is logged in at ${service}.`, { source: 'service' })
  const api = new ServiceApi({ service, token, clock, tls })
  try {
    if (login && given === undefined) await renewLogin(login, { logins, api, clock, random })
    return await act({ api, login, environment: named(env, 'ENVIRONMENT') ?? login?.environment })
  } finally {
    api.close()
  }
}

const namedToken = (env: Context['env']): string | undefined => {
  const file = named(env, 'TOKEN_FILE')
  if (file === undefined) return named(env, 'TOKEN')
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new SecretsError('config_invalid', `The token's file ${file} can't be read.`, { cause })
  }
}

/**
 * The environment with the latest login, or that at the named service, where the provider `service` is named and no token:
 * so `keyplane get` and `run` read as who is logged in.
 */
export const withLogin = (env: Context['env']): Context['env'] => {
  const provider = env['KEYPLANE_PROVIDER'] || env['SECRETS_PROVIDER']
  if (provider !== 'service' || named(env, 'TOKEN') || named(env, 'TOKEN_FILE')) return env
  const logins = new Logins(env)
  const login = logins.of(named(env, 'URL'))
  if (!login) return env
  const environment = named(env, 'ENVIRONMENT') ?? login.environment
  return {
    ...env,
    KEYPLANE_SERVICE_URL: login.service,
    KEYPLANE_SERVICE_TOKEN_FILE: logins.tokenFile(login.service),
    ...(environment !== undefined && { KEYPLANE_SERVICE_ENVIRONMENT: environment }),
  }
}
