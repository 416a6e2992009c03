import { existsSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import type { StoreDatabase } from '@keyplane/store'
import type { Context } from '../context.ts'
import { isOpenToOthers, readPrivateFile } from '../data-folder/private-file.ts'

/** Options of each command that looks at the store's data. */
export interface DatabaseFlags {
  /** A file with the address of a PostgreSQL database. */
  readonly databaseUrlFile?: string
}

type Where = Pick<Context, 'folder' | 'env'>

/**
 * Where the store's data is: the PostgreSQL database that a flag's file or the environment names, else the SQLite file of
 * the data folder. The address holds a password, so it stands in no argument list.
 * @throws SecretsError `config_invalid` where the file is not there, empty, or open to others.
 */
export const storeDatabase = ({ folder, env }: Where, { databaseUrlFile }: DatabaseFlags): StoreDatabase => {
  const file = databaseUrlFile ?? env['KEYPLANE_STORE_DATABASE_URL_FILE']
  const given = env['KEYPLANE_STORE_DATABASE_URL']
  if (databaseUrlFile === undefined && given) return { databaseUrl: given }
  return file === undefined ? { databasePath: folder.database } : { databaseUrl: readUrl(file) }
}

/**
 * As `storeDatabase`, where the data has to be there already.
 * @throws SecretsError `config_invalid` where the folder has none.
 */
export const existingDatabase = (where: Where, flags: DatabaseFlags): StoreDatabase => {
  const database = storeDatabase(where, flags)
  if (database.databasePath === undefined || existsSync(database.databasePath)) return database
  throw new SecretsError('config_invalid', `There is no store in ${where.folder.path}; name its folder with --data.`)
}

const readUrl = (path: string): string => {
  const url = readPrivateFile(path)?.trim()
  if (!url) throw new SecretsError('config_invalid', `The database URL's file ${path} is not there, or empty.`)
  // Windows has no such bits.
  if (process.platform !== 'win32' && isOpenToOthers(path))
    throw new SecretsError(
      'config_invalid',
      `The database URL's file ${path} may be read by others; run: chmod 600 ${path}.`,
    )
  return url
}

/** The database in words, without a login. */
export const databaseName = ({ databasePath, databaseUrl }: StoreDatabase): string => {
  if (databasePath !== undefined) return databasePath
  const url = /^postgres(?:ql)?:\/\//i.test(databaseUrl) && URL.canParse(databaseUrl) ? new URL(databaseUrl) : undefined
  // An @ behind the host is that of a login that was not escaped: what stands before it may be a password.
  const isWhole = url && !`${url.pathname}${url.search}${url.hash}`.includes('@')
  return isWhole ? `PostgreSQL ${url.host || 'localhost'}${url.pathname}` : 'PostgreSQL'
}
