import type { AlertKind } from '../alerts/alert.ts'
import type { Condition } from '../alerts/alerts.ts'
import type { Facts, Level } from '../alerts/incident.ts'
import type { ReadResult } from '../tools/secret-reads.ts'
import type { Standing } from './probe.ts'

/** How a secret's last read went. */
export interface SecretFact {
  /** `tool.secret`. */
  readonly name: string
  readonly tool: string
  readonly result: ReadResult
  readonly source?: string | undefined
  /** A code, or what is finer. */
  readonly reason?: string | undefined
}

/** How a source stood at its last probe; nothing where there was none. */
export interface SourceFact {
  readonly name: string
  readonly standing?: Standing | undefined
}

export interface EnvironmentFacts {
  readonly environment: string
  readonly secrets: readonly SecretFact[]
  /** The environment's own source, then its fallbacks. */
  readonly sources: readonly SourceFact[]
}

/** How an environment's conditions stand by what is known of it. Pure; the same ones always, in the same order. */
export const conditionsOf = ({ environment, secrets, sources }: EnvironmentFacts): Condition[] => {
  const [own, ...fallbacks] = sources
  const having = (...results: ReadResult[]): SecretFact[] => secrets.filter(({ result }) => results.includes(result))
  const ownSource = own?.name ?? ''
  const of = (
    kind: AlertKind,
    level: Level,
    concerned: readonly SecretFact[],
    known: Partial<Facts> = {},
  ): Condition => ({
    environment,
    kind,
    level,
    facts: { ...factsOf(concerned, ownSource), ...known },
  })
  const [lost, covered, refused, missing] = [
    having('failed'),
    having('stale', 'fallback'),
    having('refused'),
    having('missing'),
  ]
  // A refusal is told of as one.
  const failing = own?.standing && !own.standing.isWell && !own.standing.refuses ? own.standing : undefined
  const level = lost.length > 0 ? 'critical' : covered.length > 0 || failing ? 'degraded' : 'normal'
  return [
    of('outage', level, lost.length > 0 ? lost : covered, failing && { source: ownSource, reason: failing.state }),
    of('refusal', refused.length > 0 ? 'critical' : 'normal', refused),
    of('absence', missing.length > 0 ? 'critical' : 'normal', missing),
    ...fallbacks.map((fallback) => fallbackCondition(environment, fallback)),
  ]
}

const fallbackCondition = (environment: string, { name, standing }: SourceFact): Condition => ({
  environment,
  kind: 'fallback',
  subject: name,
  level: standing && !standing.isWell ? 'degraded' : 'normal',
  facts: { what: `the fallback ${name}`, source: name, reason: standing?.state ?? 'unknown' },
})

const maxNamed = 10

const factsOf = (secrets: readonly SecretFact[], ownSource: string): Facts => {
  const names = secrets.slice(0, maxNamed).map(({ name }) => name)
  const more = secrets.length > maxNamed ? [`and ${secrets.length - maxNamed} more`] : []
  const [first] = secrets
  return {
    what: [...names, ...more].join(', ') || `the source ${ownSource}`,
    source: first?.source ?? ownSource,
    reason: first?.reason ?? first?.result ?? 'unknown',
  }
}
