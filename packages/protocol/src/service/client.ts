import { SecretsError } from '@keyplane/core'
import {
  environmentConfigurationTarget,
  parseEnvironmentConfiguration,
  parseToolConfiguration,
  type ToolConfiguration,
  toolConfigurationTarget,
} from './configuration.ts'
import { parseServiceError } from './error-answer.ts'
import { parseRenewal, parseSession, parseWhoami, type ServiceSession, type Whoami } from './session.ts'
import { failureOfStatus } from './status-failure.ts'

/** As much of `fetch` as is used: a browser's, Node's, or one's own. */
export type ServiceFetch = (
  url: string,
  call: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly redirect: 'error'
    readonly body?: string
    readonly signal?: AbortSignal
  },
) => Promise<{
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
}>

export interface ServiceClientOptions {
  /** `https://host[:port]`. */
  readonly endpoint: string
  readonly fetch: ServiceFetch
  /** A key, or the token of a session; asked for at each call. Default: none is shown. */
  readonly token?: () => string | undefined
}

export interface ReadCall {
  readonly signal?: AbortSignal
  /** Asks the sources, whatever is cached. Default: no. */
  readonly fresh?: boolean
}

/**
 * The calls of the configuration service. What fails is a `SecretsError` with the service's own code; `unavailable` where
 * nobody answers. An aborted call rejects with the signal's reason.
 */
export interface ServiceClient {
  toolConfiguration(environment: string, tool: string, call?: ReadCall): Promise<ToolConfiguration>
  /** Of all tools that the caller may see there. */
  environmentConfiguration(environment: string, call?: ReadCall): Promise<readonly ToolConfiguration[]>
  login(user: string, password: string): Promise<ServiceSession>
  /** Lets the own session last on; its token stays. */
  renew(): Promise<Pick<ServiceSession, 'expiresAtMs'>>
  logout(): Promise<void>
  whoami(): Promise<Whoami>
}

interface Request extends ReadCall {
  readonly method?: string
  readonly body?: object
  /** Shows no token. */
  readonly anonymous?: boolean
}

export const serviceClient = ({ endpoint, fetch, token }: ServiceClientOptions): ServiceClient => {
  const base = endpoint.replace(/\/$/, '')
  const ask = async (target: string, request: Request = {}): Promise<string> => {
    const { method = 'GET', body, signal, fresh = false, anonymous = false } = request
    const shown = anonymous ? undefined : token?.()
    const headers = {
      accept: 'application/json',
      ...(shown !== undefined && { authorization: `Bearer ${shown}` }),
      ...(fresh && { 'cache-control': 'no-cache' }),
      ...(body && { 'content-type': 'application/json' }),
    }
    const sent = { ...(body && { body: JSON.stringify(body) }), ...(signal && { signal }) }
    try {
      const answer = await fetch(`${base}${target}`, { method, headers, redirect: 'error', ...sent })
      const text = await answer.text()
      if (answer.status >= 200 && answer.status < 300) return text
      throw failure(answer.status, text, answer.headers.get('retry-after'))
    } catch (thrown) {
      signal?.throwIfAborted()
      if (thrown instanceof SecretsError) throw thrown
      throw new SecretsError('unavailable', 'The service does not answer.', { source: 'service', cause: thrown })
    }
  }
  return Object.freeze({
    toolConfiguration: async (environment, tool, call) =>
      parseToolConfiguration(await ask(toolConfigurationTarget(environment, tool), call)),
    environmentConfiguration: async (environment, call) =>
      parseEnvironmentConfiguration(await ask(environmentConfigurationTarget(environment), call)),
    login: async (user, password) =>
      parseSession(await ask('/v1/sessions', { method: 'POST', body: { user, password }, anonymous: true })),
    renew: async () => parseRenewal(await ask('/v1/sessions/renew', { method: 'POST' })),
    logout: async () => void (await ask('/v1/sessions/current', { method: 'DELETE' })),
    whoami: async () => parseWhoami(await ask('/v1/whoami')),
  } satisfies ServiceClient)
}

const failure = (status: number, body: string, retryAfter: string | null): SecretsError => {
  const said = parseServiceError(body)
  const { code, reason } = said ? { ...said, reason: undefined } : failureOfStatus(status)
  return new SecretsError(code, said?.message ?? `The service answered HTTP ${status}.`, {
    source: 'service',
    ...(reason !== undefined && { reason }),
    ...(retryAfter !== null && /^\d{1,6}$/.test(retryAfter) && { retryAfterMs: Number(retryAfter) * 1_000 }),
  })
}
