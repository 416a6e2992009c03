import { type ErrorCode, SecretsError } from '@keyplane/core'

interface Meaning {
  readonly code: ErrorCode
  readonly reason: string
  readonly says: string
}

const full: Meaning = { code: 'unavailable', reason: 'disk_full', says: 'cannot grow: the disk is full' }

/** SQLite's result codes that have a meaning of their own here, primary ones but for one. @see https://www.sqlite.org/rescode.html */
const meanings: Readonly<Record<number, Meaning>> = {
  5: { code: 'unavailable', reason: 'busy', says: 'is locked by another process' },
  6: { code: 'unavailable', reason: 'busy', says: 'is locked by another statement' },
  7: { code: 'unavailable', reason: 'out_of_memory', says: 'has no memory left to work with' },
  8: { code: 'unavailable', reason: 'read_only', says: 'cannot be written: the file or its folder is read-only' },
  10: { code: 'unavailable', reason: 'io_error', says: 'cannot be read or written: the disk reports an error' },
  11: { code: 'integrity', reason: 'damaged', says: 'is damaged; restore it from a backup' },
  13: full,
  14: { code: 'source_misconfigured', reason: 'unreadable', says: 'cannot be opened' },
  19: { code: 'conflict', reason: 'constraint', says: 'refused a row that breaks a constraint' },
  26: { code: 'source_misconfigured', reason: 'not_a_database', says: 'is not a SQLite database' },
  // SQLITE_IOERR_SHMSIZE: there is no room for the index of its log.
  4874: full,
}

/** A failure that concerns the whole file, not the one statement that met it. */
export const concernsWholeDatabase = (error: SecretsError): boolean =>
  error.code === 'unavailable' || error.code === 'integrity' || error.code === 'source_misconfigured'

/** SQLite's own words for its code, which are always the same; its message may hold what stands in a statement. */
const inWords = (thrown: unknown): string => {
  const { errstr, errcode, code } = (thrown ?? {}) as { errstr?: unknown; errcode?: unknown; code?: unknown }
  if (typeof errstr === 'string') return `${errstr} (SQLite error ${String(errcode)})`
  return typeof code === 'string' ? code : 'for a reason that SQLite does not name'
}

/** What node:sqlite threw, as a SecretsError. Its message names the file and never a parameter's value. */
export const sqliteError = (thrown: unknown, path: string): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const errcode = (thrown as { errcode?: unknown } | null)?.errcode
  // The low byte is the primary code; what is above it says more of the same.
  const meaning = typeof errcode === 'number' ? (meanings[errcode] ?? meanings[errcode & 0xff]) : undefined
  if (!meaning)
    return new SecretsError('internal', `The database ${JSON.stringify(path)} failed: ${inWords(thrown)}.`, {
      cause: thrown,
    })
  const { code, reason, says } = meaning
  return new SecretsError(code, `The database ${JSON.stringify(path)} ${says}.`, { reason, cause: thrown })
}
