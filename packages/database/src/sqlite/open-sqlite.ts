import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SecretsError } from '@keyplane/core'
import { sqliteError } from './errors.ts'

export interface SqliteOptions {
  readonly path: string
  /** `read`: changes nothing, and wants an existing file. `write`: makes the file (0600) and its folder (0700) if absent. */
  readonly mode: 'read' | 'write'
  /** `quick` reads the whole file for damage before first use; `header` only looks whether it is a database. */
  readonly check: 'quick' | 'header'
  /** How long a statement waits for another process's lock. Default 5,000. */
  readonly busyTimeoutMs?: number
}

/**
 * An open SQLite connection: WAL, every commit synced to disk, foreign keys on.
 * @throws SecretsError `source_misconfigured` (reasons `missing`, `unreadable`, `read_only`, `not_a_database`),
 * `integrity` (`damaged`), `unavailable` (`busy`, `disk_full`, `io_error`).
 */
export const openSqlite = ({ path, mode, check, busyTimeoutMs = 5_000 }: SqliteOptions): DatabaseSync => {
  let connection: DatabaseSync | undefined
  try {
    if (mode === 'write') createFile(path)
    checkFile(path, mode)
    connection = new DatabaseSync(path, { readOnly: mode === 'read', timeout: busyTimeoutMs })
    // Before any write: a damaged file must stay as it was found.
    connection.exec('pragma cell_size_check = on; pragma foreign_keys = on; pragma trusted_schema = off')
    if (check === 'quick') quickCheck(connection, path)
    if (mode === 'write')
      connection.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = ${logPages}`)
    return connection
  } catch (error) {
    connection?.close()
    throw sqliteError(error, path)
  }
}

/**
 * Pages of the write-ahead log (16 MB) after which a commit carries them over to the file. With SQLite's own 1,000, a store
 * of many secrets does so in one commit of a hundred, since a secret's first read of the day changes nine pages all over
 * the file.
 */
const logPages = 4_000

const createFile = (path: string): void => {
  if (existsSync(path)) return
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // SQLite gives its -wal and -shm files the mode of this one.
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw refused(path, 'unreadable', 'cannot be made', error)
  }
}

const sqliteHeader = 'SQLite format 3\0'

const checkFile = (path: string, mode: 'read' | 'write'): void => {
  if (!existsSync(path)) throw refused(path, 'missing', 'is not there')
  const header = readHeader(path)
  // A file of no bytes is a database without tables yet.
  if (header !== '' && header !== sqliteHeader) throw refused(path, 'not_a_database', 'is not a SQLite database')
  if (mode === 'write' && !allows(path, constants.W_OK))
    throw refused(path, 'read_only', 'cannot be written: the file is read-only')
}

const readHeader = (path: string): string => {
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(sqliteHeader.length)
      return bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw refused(path, 'unreadable', 'cannot be read', error)
  }
}

const allows = (path: string, access: number): boolean => {
  try {
    accessSync(path, access)
    return true
  } catch {
    return false
  }
}

const quickCheck = (connection: DatabaseSync, path: string): void => {
  const row = connection.prepare('pragma quick_check(1)').get()
  if (row?.['quick_check'] === 'ok') return
  const message = `The database ${JSON.stringify(path)} is damaged; restore it from a backup.`
  throw new SecretsError('integrity', message, { reason: 'damaged' })
}

const refused = (path: string, reason: string, why: string, cause?: unknown): SecretsError =>
  new SecretsError('source_misconfigured', `The database ${JSON.stringify(path)} ${why}.`, { reason, cause })
