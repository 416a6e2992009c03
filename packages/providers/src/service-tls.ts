import { readFile } from 'node:fs/promises'
import { SecretsError } from '@keyplane/core'
import type { ClientCertificate } from '@keyplane/http'
import { type ProviderSettings, setting } from './provider-settings.ts'

/** How the service is spoken to by TLS. */
export interface ServiceTls {
  readonly ca?: string
  readonly clientCertificate?: ClientCertificate
}

/**
 * By settings: the PEM files that `SERVICE_CACERT`, `SERVICE_CLIENT_CERT` and `SERVICE_CLIENT_KEY` name, read once.
 * @throws SecretsError `config_invalid` where one can't be read, or a certificate has no key.
 */
export const serviceTls = async (settings: Pick<ProviderSettings, 'env'>): Promise<ServiceTls> => {
  const [ca, cert, key] = await Promise.all([
    pemOf(setting(settings, 'SERVICE_CACERT')),
    pemOf(setting(settings, 'SERVICE_CLIENT_CERT')),
    pemOf(setting(settings, 'SERVICE_CLIENT_KEY')),
  ])
  if ((cert === undefined) !== (key === undefined))
    throw invalid('KEYPLANE_SERVICE_CLIENT_CERT and KEYPLANE_SERVICE_CLIENT_KEY: one needs the other.')
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && key !== undefined && { clientCertificate: { cert, key } }),
  }
}

const pemOf = async (file: string | undefined): Promise<string | undefined> => {
  if (file === undefined) return undefined
  const text = await readFile(file, 'utf8').catch(() => '')
  if (text.includes('-----BEGIN ')) return text
  throw invalid(`The file ${JSON.stringify(file)} for the service's TLS can't be read, or holds no PEM.`)
}

const invalid = (what: string): SecretsError => new SecretsError('config_invalid', what, { source: 'service' })
