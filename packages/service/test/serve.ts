import { type AuditRecord, type AuditSink, type SecretProvider, systemClock, systemRandom } from '@keyplane/core'
import { memoryProvider } from '@keyplane/secrets/providers'
import { newApiKey, parseServiceConfig, type RunningService, startService } from '../src/index.ts'

export const { key, hash }: { readonly key: string; readonly hash: string } = newApiKey(systemRandom)

interface Asking {
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface Served {
  readonly service: RunningService
  readonly records: readonly AuditRecord[]
  get(path: string, init?: Asking): Promise<Response>
}

/** A service on a free port with the tool `payments` in `production`, whose client may do everything there. */
export const serve = async (
  more: Readonly<Record<string, unknown>> = {},
  source: SecretProvider = memoryProvider({ secrets: { apiKey: 'value' } }),
): Promise<Served> => {
  const config = {
    listen: { port: 0 },
    environments: { production: { source: 'memory', cache: 'local' } },
    tools: { payments: { settings: { timeoutMs: 3 }, secrets: { apiKey: 'apiKey' } } },
    clients: { shop: { keys: [hash], roles: ['all'] } },
    roles: { all: { allow: [{ actions: ['*'], environments: ['*'], tools: ['*'] }] } },
    ...more,
  }
  const records: AuditRecord[] = []
  const audit: AuditSink = { append: async (record) => void records.push(record) }
  const service = await startService({
    config: parseServiceConfig({ path: 'service.yaml', text: JSON.stringify(config) }),
    env: {},
    clock: systemClock,
    random: systemRandom,
    log: { warn: () => {}, error: () => {} },
    audit,
    open: async () => source,
  })
  const authorization = `Bearer ${key}`
  return {
    service,
    records,
    get: (path, { headers, ...init } = {}) =>
      fetch(`${service.url}${path}`, { ...init, headers: { authorization, ...headers } }),
  }
}
