import type { AuditSink } from '@keyplane/core'
import { Clients } from './access/clients.ts'
import { type OpenAlerts, openAlerts } from './alerts/open-alerts.ts'
import { stateLedger } from './alerts/state-ledger.ts'
import { withLogins } from './access/with-logins.ts'
import { serviceApp } from './app.ts'
import type { ServiceConfig } from './config/service-config.ts'
import { EventStreams } from './events/event-streams.ts'
import { openListener } from './listen/open-listener.ts'
import { readTlsFiles } from './listen/tls-files.ts'
import { ServiceMetrics } from './metrics/service-metrics.ts'
import { RequestLimits } from './limits/request-limits.ts'
import { StrangerRecords } from './audit/stranger-records.ts'
import { Configurations } from './configurations.ts'
import { type EnvironmentParts, type OpenEnvironment, openEnvironment } from './environments/open-environment.ts'
import { clockOutsideRequests } from './http/clock-outside-requests.ts'
import { FailureLog } from './http/failure-log.ts'
import { currentRequestId } from './http/request-context.ts'
import { accountsOf } from './state/accounts.ts'
import type { State } from './state/open-state.ts'
import { tellLostRoles } from './users/tell-lost-roles.ts'
import type { DeliveredRead } from './tools/secret-reads.ts'
import { noHealth, type OpenHealth } from './watch/openbao-probe.ts'
import { type WarmedSecret, Watches } from './watch/watches.ts'
import { openSharedCache, type SharedCache } from './shared-cache/open-shared-cache.ts'

export interface StartServiceOptions extends EnvironmentParts {
  readonly config: ServiceConfig
  /** Takes a record of each value before it is delivered. A record that it does not take keeps the value back. */
  readonly audit: AuditSink
  /** Who may log in, who is, and incidents that replicas tell of once; its owner's to end. Default: nobody logs in. */
  readonly state?: State
  /** Told of each read for a caller, cached or not: who, what and how it went, never a value. Must not throw. */
  readonly onRead?: (read: DeliveredRead) => void
  /** What asks a source how it stands. Default: `sys/health` of OpenBao, for the shipped providers; else a read. */
  readonly openHealth?: OpenHealth
}

export interface RunningService {
  readonly url: string
  /** What each environment's sources are called, in the order in which they are asked. */
  readonly sources: ReadonlyMap<string, readonly string[]>
  /** Resolves once every environment that is to be was read once: where each secret came from. Never rejects. */
  readonly warmed: Promise<ReadonlyMap<string, readonly WarmedSecret[]>>
  /** Ends connections and sources; the audit sink is its owner's to end. */
  close(): Promise<void>
}

/** Opens every environment's sources and listens. @throws SecretsError as opening a source, `config_invalid`. */
export const startService = async ({
  config,
  audit,
  state,
  onRead,
  openHealth,
  ...given
}: StartServiceOptions): Promise<RunningService> => {
  const parts = { correlationId: currentRequestId, ...given, clock: clockOutsideRequests(given.clock) }
  const environments = new Map<string, OpenEnvironment>()
  let watches: Watches | undefined
  let told: OpenAlerts | undefined
  let sharedCache: SharedCache | undefined
  const closeSources = async (): Promise<void> => {
    await watches?.close()
    await told?.close()
    await Promise.all([...environments.values()].map(({ secrets }) => secrets.close()))
    sharedCache?.close()
  }
  try {
    sharedCache = await openSharedCache(config, parts)
    for (const [name, environment] of config.environments)
      environments.set(name, await openEnvironment(environment, { ...parts, sharedCache }))
    told = openAlerts(config.alerts, { ledger: state && stateLedger(state), audit, ...parts })
    const watching = await Watches.open({
      environments,
      alerts: told.alerts,
      openHealth: openHealth ?? (parts.open && noHealth),
      ...parts,
    })
    watches = watching
    const metrics = new ServiceMetrics()
    const note = (read: DeliveredRead): void => {
      watching.note(read)
      metrics.read(read)
      onRead?.(read)
    }
    const { clock } = parts
    const configurations = new Configurations({ environments, audit, clock, onRead: note })
    const clients = new Clients(config)
    const tls = config.listen.tls && readTlsFiles(config.listen.tls)
    const strangers = new StrangerRecords({ audit, clock: parts.clock })
    const accounts = state && accountsOf(state, { config, audit, ...parts })
    if (accounts) await tellLostRoles({ ...accounts, ...config, ...parts })
    const app = await serviceApp({
      config,
      accounts,
      clients: accounts ? withLogins(clients, accounts.sessions) : clients,
      configurations,
      events: new EventStreams({ environments, ...parts }),
      health: { watches, audit, clock },
      failures: new FailureLog(parts),
      limits: new RequestLimits(config.limits, parts.clock),
      metrics,
      strangers,
      random: parts.random,
      proxies: config.listen.proxies,
      tls,
    })
    const listener = await openListener(app, config.listen, { ...parts, tls })
    return {
      url: listener.url,
      warmed: watches.start(),
      sources: new Map([...environments].map(([name, { sourceNames }]) => [name, sourceNames])),
      close: async () => {
        await listener.close()
        await strangers.close()
        await closeSources()
      },
    }
  } catch (thrown) {
    await closeSources()
    throw thrown
  }
}
