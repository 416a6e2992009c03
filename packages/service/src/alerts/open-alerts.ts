import type { AuditSink, Clock, Random } from '@keyplane/core'
import type { SecretsLog } from '@keyplane/secrets'
import type { AlertsConfig } from '../config/service-config.ts'
import type { AlertLedger } from './alert-ledger.ts'
import { Alerts } from './alerts.ts'
import { Webhook } from './webhook.ts'
import { webhookSettings } from './webhook-settings.ts'

export interface OpenAlertsParts {
  /** Shared by the replicas. Default: this process's own. */
  readonly ledger?: AlertLedger | undefined
  readonly audit: AuditSink
  readonly log: SecretsLog
  readonly clock: Clock
  readonly random: Random
}

export interface OpenAlerts {
  readonly alerts: Alerts
  readonly close: () => Promise<void>
}

/** Alerts as they are configured. @throws SecretsError `config_invalid` where a file of the webhook is of no use. */
export const openAlerts = ({ webhook: settings, repeatEveryMs }: AlertsConfig, parts: OpenAlertsParts): OpenAlerts => {
  const { ledger, ...rest } = parts
  const webhook = settings && new Webhook({ ...parts, ...webhookSettings(settings) })
  return {
    alerts: new Alerts({
      ...rest,
      repeatEveryMs,
      ...(ledger && { ledger }),
      ...(webhook && { send: (alert) => webhook.send(alert) }),
    }),
    close: async () => webhook?.close(),
  }
}
