import { type AuditSink, type Clock, type Random, uuid } from '@keyplane/core'
import type { SecretsLog } from '@keyplane/secrets'
import { type Alert, type AlertKind, alertLine, alertOf } from './alert.ts'
import { type AlertLedger, memoryLedger } from './alert-ledger.ts'
import { afterLook, type Facts, type Incident, type Level, type Look } from './incident.ts'

/** How a condition stands, as this process sees it. */
export interface Condition {
  readonly environment: string
  readonly kind: AlertKind
  /** What tells it from others of its kind in the environment: a fallback's name. */
  readonly subject?: string
  readonly level: Level
  readonly facts: Facts
}

export interface AlertsParts {
  /** Default: this process's own. */
  readonly ledger?: AlertLedger
  readonly audit: AuditSink
  readonly log: SecretsLog
  readonly clock: Clock
  readonly random: Random
  /** Between two reminders of an incident that holds on; 0: there are none. */
  readonly repeatEveryMs: number
  /** Takes an alert to whoever is on duty. Default: nobody beside log and audit. */
  readonly send?: (alert: Alert) => void
}

/** Tells of incidents, each step once: in the log, in the audit log and to the webhook. */
export class Alerts {
  readonly #parts: AlertsParts
  readonly #ledger: AlertLedger
  /** As they were at this process's last look: it goes on from there while the ledger can't be asked, and tells it afterwards. */
  readonly #last = new Map<string, Incident>()
  readonly #replica: string

  constructor(parts: AlertsParts) {
    this.#parts = parts
    this.#ledger = parts.ledger ?? memoryLedger()
    this.#replica = uuid(parts.random)
  }

  /** Looks at a condition; says whether it is an incident that goes on, and has to be looked at again. */
  async look({ environment, kind, subject, level, facts }: Condition): Promise<boolean> {
    const { clock, random, repeatEveryMs } = this.#parts
    const look = { level, facts, replica: this.#replica, atMs: clock.nowMs(), newId: uuid(random), repeatEveryMs }
    const key = [environment, kind, ...(subject === undefined ? [] : [subject])].join('/')
    const { kept, news } = await this.#looked(key, look)
    if (news) await this.#tell(alertOf(news, { environment, kind }))
    return kept !== undefined && kept.endedAtMs === undefined
  }

  async #looked(key: string, look: Look): Promise<ReturnType<typeof afterLook>> {
    const last = this.#last.get(key)
    const result = await this.#ledger
      .update(key, (kept) => afterLook(atLast(kept, last), look))
      .catch(({ code = 'unknown' }: { readonly code?: string }) => {
        this.#parts.log.warn(`Alerts can't be shared with other replicas (${code}).`, { code })
        return afterLook(last, look)
      })
    if (result.kept) this.#last.set(key, result.kept)
    return result
  }

  async #tell(alert: Alert): Promise<void> {
    const { log, audit, clock, send } = this.#parts
    const { id, severity, environment, kind, what, source, reason } = alert
    log[severity === 'recovered' ? 'warn' : 'error'](alertLine(alert), { environment, kind, severity, reason })
    send?.(alert)
    try {
      await audit.append({
        atMs: clock.nowMs(),
        actor: 'keyplane-service',
        action: `alert:${severity}`,
        resource: environment,
        decision: severity === 'recovered' ? 'allow' : 'error',
        requestId: id,
        detail: { kind, what, source, reason },
      })
    } catch {
      log.error('The audit log took no record of an alert.', { environment, kind, severity })
    }
  }
}

/** What the ledger has, unless this process has told of a later incident meanwhile, which goes on. */
const atLast = (kept: Incident | undefined, last: Incident | undefined): Incident | undefined => {
  const isLater = last !== undefined && last.endedAtMs === undefined && last.sinceMs > (kept?.sinceMs ?? 0)
  return isLater && (kept === undefined || kept.endedAtMs !== undefined) ? last : kept
}
