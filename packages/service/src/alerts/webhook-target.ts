import { SecretsError } from '@keyplane/core'
import { parseEndpoint } from '@keyplane/http'

/** Where alerts are posted. */
export interface WebhookTarget {
  /** Scheme, host and port: what may be told. */
  readonly endpoint: string
  /** Path and query: they often hold a key, so they are in no message. */
  readonly target: string
}

/** @throws SecretsError `config_invalid` for what is no URL, and for plain http to another machine. */
export const webhookTarget = (text: string): WebhookTarget => {
  const invalid = (what: string): SecretsError => new SecretsError('config_invalid', what)
  if (!URL.canParse(text)) throw invalid('is no URL')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw invalid('holds a user or a password')
  try {
    parseEndpoint(url.origin)
  } catch {
    throw invalid('must be https://…; http://… to this machine only')
  }
  return { endpoint: url.origin, target: `${url.pathname}${url.search}` }
}
