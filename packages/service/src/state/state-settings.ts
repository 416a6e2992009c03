import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import type { ServiceConfig } from '../config/service-config.ts'
import type { StateDatabase } from './state-database.ts'

/** Where the service keeps what, all settings together. */
export interface StateSettings {
  readonly database: StateDatabase
  /** Whether the audit log is in that database. */
  readonly keepsAudit: boolean
  /** What the log's end is sealed with there. */
  readonly auditKey?: Uint8Array
}

export interface StateSettingsParts {
  readonly config: Pick<ServiceConfig, 'database' | 'audit'>
  readonly env: Readonly<Record<string, string | undefined>>
  /** The SQLite file where nothing else is said. */
  readonly file: string
}

/**
 * The variable `KEYPLANE_SERVICE_DATABASE_URL` first, then the configuration, then a SQLite file.
 * @throws SecretsError `config_invalid` where a file that is named can't be read, or is empty.
 */
export const stateSettings = ({ config, env, file }: StateSettingsParts): StateSettings => {
  const database = databaseOf(config, env['KEYPLANE_SERVICE_DATABASE_URL']) ?? { file }
  const { kind = database.file === undefined ? 'database' : 'file', sealKeyFile } = config.audit ?? {}
  return {
    database,
    keepsAudit: kind === 'database',
    ...(sealKeyFile !== undefined && { auditKey: sealKey(sealKeyFile) }),
  }
}

const databaseOf = (
  { database }: Pick<ServiceConfig, 'database'>,
  variable: string | undefined,
): StateDatabase | undefined => {
  if (variable) return { url: variable }
  return database && 'urlFile' in database ? { url: textOf(database.urlFile, 'database.urlFile') } : database
}

const sealKey = (path: string): Uint8Array => {
  const text = textOf(path, 'audit.sealKeyFile')
  if (text.length >= 32) return createHash('sha256').update('keyplane-service-audit-1').update(text).digest()
  throw new SecretsError('config_invalid', `audit.sealKeyFile: ${path} has to hold 32 characters at least.`)
}

const textOf = (path: string, setting: string): string => {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SecretsError('config_invalid', `${setting}: the file ${path} can't be read (${code}).`, { cause })
  }
  if (text === '') throw new SecretsError('config_invalid', `${setting}: the file ${path} is empty.`)
  return text
}
