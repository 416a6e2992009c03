import { type AuditRecord, type AuditSink, systemClock, systemRandom } from '@keyplane/core'
import { parseToolConfiguration, type ToolConfiguration } from '@keyplane/protocol'
import { newApiKey, parseServiceConfig, type RunningService, startService } from '@keyplane/service'
import type { BaoServer } from '../openbao/bao-server.ts'
import { type AppRole, appRole } from '../openbao/bao-roles.ts'

const { key, hash } = newApiKey(systemRandom)
export const authorization: Readonly<Record<string, string>> = { authorization: `Bearer ${key}` }

export interface BaoServiceOptions {
  /** Of the tool `app`. */
  readonly secrets: object
  /** Members of the environment `production`, beside its source and its login. Default: none. */
  readonly environment?: object
  /** Variables of the source, in place of the login by a role. Default: none. */
  readonly variables?: Readonly<Record<string, string>>
}

/** What may be asked for beside KV: credentials of every role, and their leases' ends. */
const leasesPolicy = `
path "database/creds/*" { capabilities = ["read"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/revoke" { capabilities = ["update"] }
`

/** An AppRole that may read below `allowed/`, and have credentials made. */
export const serviceRole = async (bao: BaoServer, name: string, settings: object = {}): Promise<AppRole> => {
  await bao.done('PUT', 'sys/policies/acl/leases', { policy: leasesPolicy })
  return appRole(bao, name, { token_ttl: '10m', token_policies: ['keyplane', 'leases'], ...settings })
}

export const loginVariables = ({ roleId, secretId }: AppRole): Readonly<Record<string, string>> => ({
  KEYPLANE_OPENBAO_ROLE_ID: roleId,
  KEYPLANE_OPENBAO_SECRET_ID: secretId,
})

/** The configuration of a service with one environment, which is that OpenBao, and one client. */
export const serviceText = (bao: BaoServer, { secrets, environment = {}, variables = {} }: BaoServiceOptions): string =>
  JSON.stringify({
    listen: { port: 0 },
    limits: { perClient: 'none' },
    environments: {
      production: {
        source: 'openbao',
        variables: { KEYPLANE_OPENBAO_ADDR: bao.endpoint, ...variables },
        cache: 'local',
        ...environment,
      },
    },
    tools: { app: { secrets } },
    clients: { tester: { keys: [hash], roles: ['reader'] } },
    roles: { reader: { allow: [{ actions: ['configuration:read'], environments: ['*'], tools: ['*'] }] } },
  })

/** Asks a service for the tool `app`. */
export const readFrom = async (
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ToolConfiguration> => {
  const answer = await fetch(`${url}/v1/environments/production/tools/app/configuration`, {
    headers: { ...authorization, ...headers },
  })
  return parseToolConfiguration(await answer.text())
}

/** A service in this process whose records are at hand. */
export interface BaoService {
  readonly running: RunningService
  readonly records: readonly AuditRecord[]
  readonly warnings: readonly string[]
  read(headers?: Readonly<Record<string, string>>): Promise<ToolConfiguration>
}

export const startBaoService = async (bao: BaoServer, options: BaoServiceOptions): Promise<BaoService> => {
  const records: AuditRecord[] = []
  const warnings: string[] = []
  const audit: AuditSink = { append: async (record) => void records.push(record) }
  const log = { warn: (text: string) => void warnings.push(text), error: (text: string) => void warnings.push(text) }
  const running = await startService({
    config: parseServiceConfig({ path: 'service.yaml', text: serviceText(bao, options) }),
    env: {},
    clock: systemClock,
    random: systemRandom,
    log,
    audit,
  })
  return { running, records, warnings, read: (headers) => readFrom(running.url, headers) }
}
