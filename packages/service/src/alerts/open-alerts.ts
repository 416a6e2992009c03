import { readFileSync } from 'node:fs'
import { type AuditSink, type Clock, type Random, SecretsError } from '@keyplane/core'
import type { SecretsLog } from '@keyplane/secrets'
import type { AlertsConfig } from '../config/service-config.ts'
import type { AlertLedger } from './alert-ledger.ts'
import { Alerts } from './alerts.ts'
import { Webhook } from './webhook.ts'
import { webhookTarget } from './webhook-target.ts'

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
  const webhook = settings && openWebhook(settings, parts)
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

const openWebhook = (settings: NonNullable<AlertsConfig['webhook']>, parts: OpenAlertsParts): Webhook => {
  const { url = '', urlFile, secretFile } = settings
  const webhook = {
    url: urlFile === undefined ? () => url : () => readText(urlFile),
    secret: secretFile === undefined ? undefined : () => readText(secretFile),
  }
  webhookTarget(webhook.url())
  webhook.secret?.()
  return new Webhook({ ...parts, ...webhook })
}

/** @throws SecretsError `config_invalid` for a file that can't be read or is empty. */
const readText = (path: string): string => {
  let text = ''
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretsError('config_invalid', `The file ${path} of the webhook can't be read (${code}).`, { cause })
  }
  if (text === '') throw new SecretsError('config_invalid', `The file ${path} of the webhook is empty.`)
  return text
}
