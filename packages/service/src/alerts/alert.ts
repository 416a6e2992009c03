import type { Facts, News } from './incident.ts'

/**
 * What an alert is about: values that are old, from a fallback or not to be had (`outage`); a source that refused the
 * service (`refusal`); secrets that no source has (`absence`); a fallback that would not help (`fallback`).
 */
export type AlertKind = 'outage' | 'refusal' | 'absence' | 'fallback'

/** What is told, and posted to the webhook as JSON. */
export interface Alert extends Facts {
  /** The same for all alerts of one incident, its end included. */
  readonly id: string
  /** When it is told, as an ISO 8601 date. */
  readonly at: string
  readonly severity: News['severity']
  /** It was told before and holds on. */
  readonly reminder: boolean
  readonly environment: string
  readonly kind: AlertKind
  /** When the incident began, as an ISO 8601 date. */
  readonly since: string
}

export const alertOf = (
  { severity, reminder, incident }: News,
  { environment, kind }: Pick<Alert, 'environment' | 'kind'>,
): Alert => ({
  id: incident.id,
  at: new Date(incident.toldAtMs).toISOString(),
  severity,
  reminder,
  environment,
  kind,
  ...incident.facts,
  since: new Date(incident.sinceMs).toISOString(),
})

/** A line for a log. */
export const alertLine = ({ severity, reminder, environment, kind, what, source, reason, since }: Alert): string => {
  const how = severity === 'recovered' ? `is over` : reminder ? `goes on` : `began`
  return `Alert, ${severity}: ${kind} of ${environment} ${how}. ${what} · ${source} · ${reason} · since ${since}`
}
