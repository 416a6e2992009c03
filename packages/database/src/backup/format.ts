import { Buffer } from 'node:buffer'
import { SecretsError } from '@keyplane/core'
import type { SqlRow, SqlValue } from '../ports.ts'

/**
 * A backup is a text of lines, each of them JSON: the head, then for each table its shape and its rows, then the end, and
 * the SHA-256 of all lines before. It says nothing of the engine that it came from, so it goes into either.
 */
export const backupFormat = 'keyplane-backup'
export const backupVersion = 1

/** What a backup says of itself. */
export interface BackupHead {
  readonly format: typeof backupFormat
  readonly version: typeof backupVersion
  readonly createdAtMs: number
  /** The migrations that its tables have had. */
  readonly migrations: readonly string[]
}

/** A line of a backup, read. */
export type BackupLine =
  | { readonly kind: 'table'; readonly table: string; readonly columns: readonly string[] }
  | { readonly kind: 'row'; readonly values: readonly SqlValue[] }

/** A row as a line; the two characters that end a line for some readers are escaped. */
export const rowLine = (row: SqlRow, columns: readonly string[]): string =>
  JSON.stringify(columns.map((column) => written(row[column] ?? null)))
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')

const written = (value: SqlValue): unknown => {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') }
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)))
    throw damagedBackup('a number of the database cannot be kept')
  return value
}

/** The values of a row's line. @throws SecretsError `integrity` for anything else. */
export const rowValues = (line: readonly unknown[]): readonly SqlValue[] =>
  line.map((value) => {
    if (value === null || typeof value === 'string' || typeof value === 'number') return value
    const { base64 } = value as { readonly base64?: unknown }
    if (typeof base64 !== 'string') throw damagedBackup('a row has a value of no known kind')
    return new Uint8Array(Buffer.from(base64, 'base64'))
  })

export const damagedBackup = (why: string): SecretsError =>
  new SecretsError('integrity', `The backup is damaged or cut: ${why}.`, { reason: 'damaged_backup' })
