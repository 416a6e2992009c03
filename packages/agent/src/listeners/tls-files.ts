import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type TlsOptions } from 'node:tls'
import { SecretsError } from '@keyplane/core'
import type { ListenConfig } from '../config/agent-config.ts'
import { certificateHosts, type IsOwnHost } from '../guards/known-host.ts'

/** What a listener's files say at one moment. */
export interface TlsIdentity {
  readonly options: Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized'>
  /** Whether the certificate is for this host. */
  readonly isOwnHost: IsOwnHost
}

export type TlsFiles = Pick<ListenConfig, 'certificate' | 'key' | 'clientCa'>

/** @throws SecretsError `config_invalid` where a file can't be read, or they can't be used together. */
export const readTlsIdentity = ({ certificate, key, clientCa }: TlsFiles): TlsIdentity => {
  const cert = readPem(certificate)
  const options = {
    cert,
    key: readPem(key),
    ...(clientCa !== undefined && { ca: readCa(clientCa), requestCert: true, rejectUnauthorized: true }),
  }
  try {
    createSecureContext(options)
    return { options, isOwnHost: certificateHosts(new X509Certificate(cert)) }
  } catch (cause) {
    const text = `The certificate ${certificate} and its key${clientCa === undefined ? '' : ', or client_ca,'} can't be used.`
    throw new SecretsError('config_invalid', text, { cause })
  }
}

const readPem = (path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretsError('config_invalid', `The file ${path} can't be read (${code}).`, { cause })
  }
}

/** Without a certificate in it TLS would take nobody's, or anybody's that the system trusts. */
const readCa = (path: string): Buffer => {
  const pem = readPem(path)
  const found = pem.toString('latin1').match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g)
  if (!found) throw new SecretsError('config_invalid', `The file ${path} of client_ca holds no certificate.`)
  return pem
}
