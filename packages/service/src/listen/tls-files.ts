import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { SecretsError } from '@keyplane/core'
import type { TlsConfig } from '../config/service-config.ts'

/** What the files of a listener say, for `node:tls`. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
  readonly ca?: string
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
  readonly minVersion: 'TLSv1.2'
}

/** @throws SecretsError `config_invalid` where a file can't be read, or they can't be used together. */
export const readTlsFiles = ({ certificate, key, clientCa, clientCertificates }: TlsConfig): TlsOptions => {
  const options = {
    cert: read(certificate),
    key: read(key),
    ...(clientCa !== undefined && { ca: read(clientCa) }),
    requestCert: clientCa !== undefined,
    rejectUnauthorized: clientCertificates === 'required',
    minVersion: 'TLSv1.2',
  } as const
  let isPair: boolean
  try {
    createSecureContext(options)
    // An empty text would let in whoever the system trusts.
    if (options.ca !== undefined) void new X509Certificate(options.ca)
    isPair = new X509Certificate(options.cert).checkPrivateKey(createPrivateKey(options.key))
  } catch (cause) {
    const files = [certificate, key, ...(clientCa === undefined ? [] : [clientCa])].join(', ')
    throw new SecretsError('config_invalid', `The files for TLS can't be used: ${files}.`, { cause })
  }
  if (isPair) return options
  throw new SecretsError('config_invalid', `The key ${key} is not that of the certificate ${certificate}.`)
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretsError('config_invalid', `The file ${path} can't be read (${code}).`, { cause })
  }
}
