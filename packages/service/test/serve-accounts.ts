import { type Clock, type Random, systemClock, systemRandom } from '@keyplane/core'
import { memoryProvider } from '@keyplane/secrets/providers'
import {
  newApiKey,
  openState,
  parseServiceConfig,
  type RunningService,
  type State,
  type StateDatabase,
  startService,
} from '../src/index.ts'

/** The key of a client who may do everything: the same in each process of a test. */
export const admin: { readonly key: string; readonly hash: string } = newApiKey({
  unit: () => 0,
  bytes: (length) => new Uint8Array(length).fill(7),
})

/** An administrator's key, and roles for two kinds of users. */
const config = {
  listen: { port: 0 },
  environments: { production: { source: 'memory', cache: 'local' }, staging: { source: 'memory' } },
  tools: { payments: { secrets: { apiKey: 'apiKey' } } },
  clients: { admin: { keys: [admin.hash], roles: ['all'] } },
  roles: {
    all: { allow: [{ actions: ['*'], environments: ['*'], tools: ['*'] }] },
    staging: { allow: [{ actions: ['*'], environments: ['staging'], tools: ['*'] }] },
    production: { allow: [{ actions: ['*'], environments: ['production'], tools: ['*'] }] },
  },
}

interface Asking {
  readonly method?: string
  readonly body?: unknown
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  // Tests look into it as they expect it to be.
  readonly body: Readonly<Record<string, unknown>>
}

/** A service with users, on a state of its own or one that others share. */
export interface ServedAccounts {
  readonly service: RunningService
  readonly state: State
  ask(path: string, asking?: Asking): Promise<Answered>
  /** The token of a new session. */
  login(user: string, password: string): Promise<string>
  close(): Promise<void>
}

export interface ServeOptions {
  readonly more?: Readonly<Record<string, unknown>>
  readonly clock?: Clock
  readonly random?: Random
  readonly audit?: (state: State) => State['log']
  readonly warn?: (message: string) => void
}

export const serveAccounts = async (
  database: StateDatabase,
  {
    more = {},
    clock = systemClock,
    random = systemRandom,
    audit = ({ log }) => log,
    warn = () => {},
  }: ServeOptions = {},
): Promise<ServedAccounts> => {
  const state = await openState(database, { clock, random })
  const service = await startService({
    config: parseServiceConfig({ path: 'service.yaml', text: JSON.stringify({ ...config, ...more }) }),
    env: {},
    clock,
    random,
    log: { warn, error: warn },
    audit: audit(state),
    state,
    open: async () => memoryProvider({ secrets: { apiKey: 'value' } }),
  })
  const ask: ServedAccounts['ask'] = async (path, { method = 'GET', body, token = admin.key, headers } = {}) => {
    const answer = await fetch(`${service.url}${path}`, {
      method,
      headers: {
        ...(token !== '' && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) }
  }
  return {
    service,
    state,
    ask,
    login: async (user, password) => {
      const { status, body } = await ask('/v1/sessions', { method: 'POST', body: { user, password }, token: '' })
      if (status !== 201) throw new Error(`The login was answered ${status} ${String(body['code'])}.`)
      return String(body['token'])
    },
    close: async () => {
      await service.close()
      await state.close()
    },
  }
}
