import type { AuditSink, Clock } from '@keyplane/core'
import { refusal } from '../access/authorize.ts'
import { isAllowed } from '../access/decide.ts'
import { keep, refusedRecord } from '../audit/read-records.ts'
import type { Asked } from '../configurations.ts'
import type { ReadResult } from '../tools/secret-reads.ts'
import type { EnvironmentHealth } from './environment-watch.ts'
import type { Watches } from './watches.ts'

export interface HealthParts {
  readonly watches: Watches
  readonly audit: AuditSink
  readonly clock: Clock
}

type NotWell = Exclude<ReadResult, 'cached' | 'source'>

/** How an environment stands, for who may know: names and codes, never a value, nor where a source is. */
export interface HealthReport extends Readonly<Record<NotWell, string[]>> {
  readonly environment: string
  readonly state: EnvironmentHealth['state']
  readonly since: string
  readonly sources: { name: string; role: 'own' | 'fallback'; state: string; healthy: boolean }[]
}

const action = 'health:read'

/** The report of an environment, with the secrets of those tools whose health the caller may see. @throws SecretsError `access_denied`. */
export const healthReport = async (
  { client, environment, requestId }: Omit<Asked, 'fresh'>,
  { watches, audit, clock }: HealthParts,
): Promise<HealthReport> => {
  const watch = watches.of(environment)
  const mayFor = (tool: string): boolean => isAllowed({ action, environment, tool }, client.roles)
  if (!watch || !watch.tools.some(mayFor)) {
    const request = { action, environment, tool: '*' } as const
    await keep(audit, [refusedRecord({ ...request, client: client.name, requestId, atMs: clock.nowMs() })])
    throw refusal(request)
  }
  const { state, sinceMs, sources, secrets } = watch.health
  const visible = secrets.filter(({ tool }) => mayFor(tool))
  const having = (wanted: NotWell): string[] =>
    visible.filter(({ result }) => result === wanted).map(({ name }) => name)
  return {
    environment,
    state,
    since: new Date(sinceMs).toISOString(),
    sources: sources.map(({ name, standing }, index) => ({
      name,
      role: index === 0 ? 'own' : 'fallback',
      state: standing?.state ?? 'unknown',
      healthy: standing?.isWell ?? true,
    })),
    missing: having('missing'),
    refused: having('refused'),
    failed: having('failed'),
    stale: having('stale'),
    fallback: having('fallback'),
  }
}
