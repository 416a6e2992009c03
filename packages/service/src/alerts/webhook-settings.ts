import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import type { AlertsConfig } from '../config/service-config.ts'
import type { WebhookParts } from './webhook.ts'
import { webhookTarget } from './webhook-target.ts'

/**
 * Where alerts are posted and what signs them, files read at each call.
 * @throws SecretsError `config_invalid` where a file is of no use already.
 */
export const webhookSettings = ({
  url = '',
  urlFile,
  secretFile,
}: NonNullable<AlertsConfig['webhook']>): Pick<WebhookParts, 'url' | 'secret'> => {
  const settings = {
    url: urlFile === undefined ? () => url : () => readText(urlFile),
    secret: secretFile === undefined ? undefined : () => readText(secretFile),
  }
  const address = settings.url()
  try {
    webhookTarget(address)
  } catch (cause) {
    throw new SecretsError('config_invalid', `The address of the webhook ${(cause as Error).message}.`, { cause })
  }
  settings.secret?.()
  return settings
}

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
