import type { AuditSink } from '@keyplane/core'
import { openAlerts } from './alerts/open-alerts.ts'
import { stateLedger } from './alerts/state-ledger.ts'
import type { AccessConfig } from './access/clients.ts'
import type { ServiceConfig } from './config/service-config.ts'
import type { EnvironmentParts } from './environments/open-environment.ts'
import { openEnvironments } from './environments/open-environments.ts'
import { clockOutsideRequests } from './http/clock-outside-requests.ts'
import { currentRequestId } from './http/request-context.ts'
import { serveRequests } from './serve-requests.ts'
import type { State } from './state/open-state.ts'
import { stateRefusals } from './state/state-refusals.ts'
import type { DeliveredRead } from './tools/secret-reads.ts'
import { noHealth, type OpenHealth } from './watch/openbao-probe.ts'
import { type WarmedSecret, Watches } from './watch/watches.ts'

export interface StartServiceOptions extends EnvironmentParts {
  readonly config: ServiceConfig
  /** Takes a record of each value before it is delivered. A record that it does not take keeps the value back. */
  readonly audit: AuditSink
  /**
   * Who may log in, who is, incidents that replicas tell of once, and refused logins to OpenBao, which they count together;
   * its owner's to end. Default: nobody logs in, and the process counts by itself.
   */
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
  /** From here on these are the clients and roles: at the next request, and on streams that are open. */
  useAccess(config: AccessConfig): Promise<void>
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
  const clock = clockOutsideRequests(given.clock)
  const parts = { correlationId: currentRequestId, refusals: state && stateRefusals(state), ...given, clock }
  const ends: (() => Promise<void>)[] = []
  /** What was opened last ends first. */
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end()
  }
  try {
    const { environments, close: closeEnvironments } = await openEnvironments(config, parts)
    ends.push(closeEnvironments)
    const { alerts, close: closeAlerts } = openAlerts(config.alerts, {
      ledger: state && stateLedger(state),
      audit,
      ...parts,
    })
    ends.push(closeAlerts)
    const watches = await Watches.open({
      environments,
      alerts,
      openHealth: openHealth ?? (parts.open && noHealth),
      ...parts,
    })
    ends.push(() => watches.close())
    const listener = await serveRequests(config, { environments, watches, audit, state, onRead, ...parts })
    ends.push(() => listener.close())
    return {
      url: listener.url,
      useAccess: (access) => listener.useAccess(access),
      warmed: watches.start(),
      sources: new Map([...environments].map(([name, { sourceNames }]) => [name, sourceNames])),
      close,
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}
