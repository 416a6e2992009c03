import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { SecretsError } from '@keyplane/core'
import type { Kysely } from 'kysely'
import type { SqlRow, SqlValue } from '../ports.ts'
import { fileError } from './durable-file.ts'
import { type BackupHead, backupFormat, type BackupLine, backupVersion, damagedBackup, rowValues } from './format.ts'

/** A backup that has proved whole. */
export interface CheckedBackup {
  readonly path: string
  readonly head: BackupHead
  readonly rows: number
}

/**
 * Reads all of a backup and checks it: its form, the number of its rows, its checksum.
 * @throws SecretsError `integrity` (`damaged_backup`), `unsupported` for a newer format, `source_misconfigured`.
 */
export const checkBackup = async (path: string): Promise<CheckedBackup> => {
  const hash = createHash('sha256')
  let head: BackupHead | undefined
  let rows = 0
  let ended = false
  let sealed: unknown
  for await (const line of linesOf(path)) {
    if (sealed !== undefined) throw damagedBackup('something stands behind its end')
    const read = head === undefined && !line.startsWith('{"format":') ? {} : parsed(line)
    if (head === undefined) head = requireHead(read)
    else if (ended) sealed = requireSeal(read, hash.digest('hex'))
    else if (Array.isArray(read)) rows += 1
    else if ('end' in read) ended = requireEnd(read, rows)
    else lineOf(read)
    if (sealed === undefined) hash.update(`${line}\n`)
  }
  if (head === undefined || sealed === undefined) throw damagedBackup('its end is missing')
  return { path, head, rows }
}

/** The tables and rows of a backup, in their order. */
export async function* backupLines(path: string): AsyncGenerator<BackupLine> {
  let isHead = true
  for await (const line of linesOf(path)) {
    const read = parsed(line)
    if (!isHead) {
      if (!Array.isArray(read) && 'end' in read) return
      yield lineOf(read)
    }
    isHead = false
  }
}

/** The first row of a table. */
export const firstRowOf = async (path: string, table: string): Promise<SqlRow | undefined> => {
  let columns: readonly string[] | undefined
  for await (const line of backupLines(path)) {
    if (line.kind === 'table') columns = line.table === table ? line.columns : undefined
    else if (columns) return asRow(columns, line.values)
  }
  return undefined
}

/** Values in one statement at most; engines bound them. */
const maxValues = 2_000

/**
 * Puts the rows of a backup into the tables of a database, which have to be there and empty.
 * @throws SecretsError what the database says; `onProgress` is called with the rows so far.
 */
export const loadBackup = async (
  db: Kysely<unknown>,
  { path }: CheckedBackup,
  onProgress: (rows: number) => void = () => undefined,
): Promise<void> => {
  const target = db as Kysely<Record<string, SqlRow>>
  let table = ''
  let columns: readonly string[] = []
  let waiting: SqlRow[] = []
  let rows = 0
  const flush = async (): Promise<void> => {
    if (waiting.length > 0) await target.insertInto(table).values(waiting).execute()
    rows += waiting.length
    waiting = []
    onProgress(rows)
  }
  for await (const line of backupLines(path))
    if (line.kind === 'table') {
      await flush()
      ;({ table, columns } = line)
    } else {
      waiting.push(asRow(columns, line.values))
      if (waiting.length * columns.length >= maxValues) await flush()
    }
  await flush()
}

const asRow = (columns: readonly string[], values: readonly SqlValue[]): SqlRow =>
  Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null]))

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(path), crlfDelay: 0 })
  } catch (error) {
    throw fileError(error, path)
  }
}

type Read = readonly unknown[] | Readonly<Record<string, unknown>>

const parsed = (line: string): Read => {
  try {
    const read: unknown = JSON.parse(line)
    if (typeof read === 'object' && read !== null) return read as Read
  } catch {
    // Told below.
  }
  throw damagedBackup('a line is not what a backup has')
}

const lineOf = (read: Read): BackupLine => {
  if (Array.isArray(read)) return { kind: 'row', values: rowValues(read) }
  const { table, columns } = read as { readonly table?: unknown; readonly columns?: unknown }
  if (typeof table === 'string' && Array.isArray(columns) && columns.every((column) => typeof column === 'string'))
    return { kind: 'table', table, columns }
  throw damagedBackup('a line is not what a backup has')
}

const requireHead = (read: Read): BackupHead => {
  const head = read as Partial<Record<keyof BackupHead, unknown>>
  if (head.format !== backupFormat)
    throw new SecretsError('source_misconfigured', 'The file is no backup of a Keyplane store.', {
      reason: 'not_a_backup',
    })
  if (head.version !== backupVersion)
    throw new SecretsError('unsupported', 'The backup was written by a newer version; restore it with that one.', {
      reason: 'newer_schema',
    })
  if (!Array.isArray(head.migrations)) throw damagedBackup('its head is not whole')
  return head as BackupHead
}

const requireEnd = (read: Read, rows: number): true => {
  if ((read as { readonly rows?: unknown }).rows === rows) return true
  throw damagedBackup('rows are missing')
}

const requireSeal = (read: Read, expected: string): string => {
  const { sha256 } = read as { readonly sha256?: unknown }
  if (sha256 === expected) return expected
  throw damagedBackup('its checksum does not hold')
}
