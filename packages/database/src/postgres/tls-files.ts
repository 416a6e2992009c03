import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { SecretsError } from '@keyplane/core'

/** The parameters of a database URL that name a file of TLS, and what it has to hold. */
const options = { sslrootcert: 'certificate', sslcert: 'certificate', sslkey: 'key' } as const

type Option = keyof typeof options

/**
 * Holds if the files of TLS that a database URL names are there and what they have to be.
 * @throws SecretsError `config_invalid` with the parameter and the file's name; never what it holds.
 */
export const requireTlsFiles = (parameters: URLSearchParams): void => {
  const read = new Map<Option, string>()
  for (const option of Object.keys(options) as Option[]) {
    const path = parameters.get(option)
    if (path) read.set(option, textOf(option, path))
  }
  const [ca, cert, key] = [read.get('sslrootcert'), read.get('sslcert'), read.get('sslkey')]
  const refuse = (option: Option): never => {
    throw invalid(option, parameters.get(option) ?? '', `is no ${options[option]} in PEM, or not one of its pair`)
  }
  // Node.js takes a file without any certificate, and then trusts nobody.
  if (ca !== undefined && !holds(() => new X509Certificate(ca))) refuse('sslrootcert')
  if (cert !== undefined && !holds(() => createSecureContext({ cert }))) refuse('sslcert')
  if (key !== undefined && !holds(() => createSecureContext({ key, ...(cert !== undefined && { cert }) })))
    refuse('sslkey')
}

const textOf = (option: Option, path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw invalid(option, path, code === 'ENOENT' ? 'is not there' : `can't be read (${code})`)
  }
}

const holds = (make: () => unknown): boolean => {
  try {
    make()
    return true
  } catch {
    return false
  }
}

const invalid = (option: Option, path: string, why: string): SecretsError =>
  new SecretsError('config_invalid', `The database URL's ${option} names ${JSON.stringify(path)}, which ${why}.`)
