import type { AuditSink } from '@keyplane/core'
import { type AccessConfig, Clients } from './access/clients.ts'
import { withLogins } from './access/with-logins.ts'
import { serviceApp } from './app.ts'
import { StrangerRecords } from './audit/stranger-records.ts'
import type { ServiceConfig } from './config/service-config.ts'
import { Configurations } from './configurations.ts'
import type { EnvironmentParts, OpenEnvironment } from './environments/open-environment.ts'
import { EventStreams } from './events/event-streams.ts'
import { FailureLog } from './http/failure-log.ts'
import { RequestLimits } from './limits/request-limits.ts'
import { type Listener, openListener } from './listen/open-listener.ts'
import { readTlsFiles } from './listen/tls-files.ts'
import { ServiceMetrics } from './metrics/service-metrics.ts'
import { accountsOf } from './state/accounts.ts'
import type { State } from './state/open-state.ts'
import type { DeliveredRead } from './tools/secret-reads.ts'
import { tellLostRoles } from './users/tell-lost-roles.ts'
import type { Watches } from './watch/watches.ts'

export interface ServeRequestsParts extends Pick<EnvironmentParts, 'clock' | 'random' | 'log'> {
  readonly environments: ReadonlyMap<string, OpenEnvironment>
  readonly watches: Watches
  readonly audit: AuditSink
  readonly state: State | undefined
  readonly onRead: ((read: DeliveredRead) => void) | undefined
}

export interface Serving extends Listener {
  /** From here on these are the clients and roles. */
  useAccess(config: AccessConfig): Promise<void>
}

/** Listens, and answers who asks of open environments. @throws SecretsError `config_invalid`. */
export const serveRequests = async (
  config: ServiceConfig,
  { state, onRead, ...parts }: ServeRequestsParts,
): Promise<Serving> => {
  const { watches, audit, clock } = parts
  const metrics = new ServiceMetrics()
  const note = (read: DeliveredRead): void => {
    watches.note(read)
    metrics.read(read)
    onRead?.(read)
  }
  // One for all who ask for a role, so that all know of a change at the same moment.
  const roles = new Map(config.roles)
  const clients = new Clients(config)
  const tls = config.listen.tls && readTlsFiles(config.listen.tls)
  const strangers = new StrangerRecords(parts)
  const accounts = state && accountsOf(state, { config: { ...config, roles }, ...parts })
  const tellLost = async (): Promise<void> => accounts && tellLostRoles({ ...accounts, roles, ...parts })
  await tellLost()
  const app = await serviceApp({
    config,
    accounts,
    clients: accounts ? withLogins(clients, accounts.sessions) : clients,
    configurations: new Configurations({ ...parts, onRead: note }),
    events: new EventStreams(parts),
    health: { watches, audit, clock },
    failures: new FailureLog(parts),
    limits: new RequestLimits(config.limits, clock),
    metrics,
    strangers,
    random: parts.random,
    proxies: config.listen.proxies,
    tls,
  })
  const listener = await openListener(app, config.listen, { ...parts, tls })
  return {
    url: listener.url,
    useAccess: async (access) => {
      roles.clear()
      for (const [name, role] of access.roles) roles.set(name, role)
      clients.use(access)
      await tellLost()
    },
    close: async () => {
      await listener.close()
      await strangers.close()
    },
  }
}
