import type { Clock } from '@keyplane/core'
import { type HealthState, type OpenBaoClient, openBaoClient } from '@keyplane/openbao'
import { openBaoOptions } from '@keyplane/secrets/providers'
import type { SourceConfig } from '../config/service-config.ts'
import type { Probe, Standing } from './probe.ts'

export interface HealthProbe {
  readonly probe: Probe
  readonly close: () => void
}

export interface HealthParts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
}

/** Gives what asks a source how it stands without a login and a read; nothing where it has no such call. */
export type OpenHealth = (source: SourceConfig, parts: HealthParts) => Promise<HealthProbe | undefined>

/** No source is asked but by reads. */
export const noHealth: OpenHealth = async () => undefined

/** OpenBao has `sys/health`. @throws SecretsError `config_invalid` as opening the source does. */
export const openHealth: OpenHealth = async (source, { env, clock }) => {
  if (source.kind !== 'named' || source.name !== 'openbao') return undefined
  const client = openBaoClient(await openBaoOptions({ env: { ...env, ...source.variables }, clock }))
  return { probe: openBaoProbe(client, clock), close: () => void client.close() }
}

const probeMs = 2_000

/** By `sys/health` of every node. */
export const openBaoProbe =
  (client: Pick<OpenBaoClient, 'health'>, clock: Clock): Probe =>
  async (signal) => {
    try {
      const limits = { deadlineAtMs: clock.monotonicMs() + probeMs, ...(signal && { signal }) }
      const nodes = await client.health(limits)
      return clusterStanding([...nodes.values()].map(({ state }) => state))
    } catch {
      return { isWell: false, state: 'unreachable' }
    }
  }

/**
 * How nodes stand together. Standbys alone may be all that a load balancer shows; beside a node that is gone they are what
 * is left of a cluster without a leader, which reads but takes no login.
 */
export const clusterStanding = (states: readonly HealthState[]): Standing => {
  if (states.includes('active')) return { isWell: true, state: 'active' }
  const failing = states.find((state) => state !== 'standby')
  if (failing === undefined) return { isWell: true, state: 'standby' }
  return { isWell: false, state: states.includes('standby') ? 'no_leader' : failing }
}
