import type { Caller } from '../../guards/callers.ts'
import { type AgentResponse, json } from '../../http/messages.ts'
import { version } from '../../version.ts'

/** What clients ask of a server before they trust it, in the members that they look at. */
export const statusAnswers: Readonly<
  Record<'health' | 'seal-status' | 'init' | 'leader', (nowMs: number) => AgentResponse>
> = {
  health: (nowMs) =>
    json(
      200,
      JSON.stringify({
        initialized: true,
        sealed: false,
        standby: false,
        performance_standby: false,
        replication_performance_mode: 'disabled',
        replication_dr_mode: 'disabled',
        server_time_utc: Math.floor(nowMs / 1_000),
        version,
      }),
    ),
  'seal-status': () =>
    json(
      200,
      JSON.stringify({
        type: 'keyplane-agent',
        initialized: true,
        sealed: false,
        t: 0,
        n: 0,
        progress: 0,
        nonce: '',
        recovery_seal: false,
        version,
        migration: false,
        storage_type: 'memory',
      }),
    ),
  init: () => json(200, '{"initialized":true}'),
  leader: () => json(200, '{"ha_enabled":false}'),
}

/** A KV mount of version 2. */
export const mountData = (mount: string): string =>
  JSON.stringify({
    accessor: 'keyplane',
    config: { default_lease_ttl: 0, force_no_cache: false, max_lease_ttl: 0 },
    description: 'read through keyplane agent',
    external_entropy_access: false,
    local: false,
    options: { version: '2' },
    path: `${mount}/`,
    seal_wrap: false,
    type: 'kv',
  })

/** The caller's token, without the token itself. It does not expire here. */
export const tokenData = ({ name = 'keyplane-agent' }: Caller): string =>
  JSON.stringify({
    accessor: '',
    creation_time: 0,
    creation_ttl: 0,
    display_name: name,
    entity_id: '',
    expire_time: null,
    explicit_max_ttl: 0,
    meta: null,
    num_uses: 0,
    orphan: true,
    path: 'auth/token/create',
    policies: [name],
    renewable: false,
    ttl: 0,
    type: 'service',
  })
