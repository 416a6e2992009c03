import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { AuditRecord, SecretsError } from '@keyplane/core'
import { concernsWholeDatabase, sqliteError } from './sqlite-errors.ts'
import { statementCache } from './statement-cache.ts'
import type { BatchTransaction, WriteOutcome, WriteUnit } from './write-unit.ts'

/** How one unit of a batch ended. */
export type UnitResult = WriteOutcome | SecretsError

/** Commits a batch of units in one transaction, a savepoint each; gives one result a unit, in their order. */
export type GroupCommit = (units: readonly WriteUnit[]) => readonly UnitResult[]

export interface GroupCommitOptions {
  readonly connection: DatabaseSync
  readonly path: string
  readonly beforeCommit?: (...batch: BatchOfRecords) => void
}

type BatchOfRecords = readonly [transaction: BatchTransaction, audit: readonly AuditRecord[]]

/** Group commit on one connection, which nobody else may write through. */
export const groupCommit = ({ connection, path, beforeCommit }: GroupCommitOptions): GroupCommit => {
  const statement = statementCache(connection)
  const run = (sql: string): void => void statement(sql).run()
  const transaction: BatchTransaction = {
    run: (sql, parameters) => void statement(sql).run(...(parameters as SQLInputValue[])),
    get: (sql, parameters) =>
      statement(sql).get(...(parameters as SQLInputValue[])) as ReturnType<BatchTransaction['get']>,
  }

  const runStatements = (unit: WriteUnit): WriteOutcome => {
    for (const { sql, parameters, expectRows } of unit.statements) {
      const { changes } = statement(sql).run(...(parameters as SQLInputValue[]))
      if (expectRows !== undefined && Number(changes) !== expectRows) return 'conflict'
    }
    return 'committed'
  }

  const attempt = (unit: WriteUnit): UnitResult => {
    try {
      return runStatements(unit)
    } catch (thrown) {
      const error = sqliteError(thrown, path)
      if (concernsWholeDatabase(error) || !connection.isTransaction) throw error
      return error.code === 'conflict' ? 'conflict' : error
    }
  }

  const commitUnit = (unit: WriteUnit): UnitResult => {
    // Most units of a busy store are reads that leave an audit record and no statement.
    if (unit.statements.length === 0) return 'committed'
    run('savepoint unit')
    const result = attempt(unit)
    if (result !== 'committed') run('rollback to unit')
    run('release unit')
    return result
  }

  const commitAll = (units: readonly WriteUnit[]): readonly UnitResult[] => {
    run('begin immediate')
    const results = units.map(commitUnit)
    const audit: AuditRecord[] = []
    for (const [index, unit] of units.entries()) if (results[index] === 'committed') audit.push(...unit.audit)
    if (audit.length > 0) beforeCommit?.(transaction, audit)
    run('commit')
    return results
  }

  return (units) => {
    try {
      return commitAll(units)
    } catch (thrown) {
      const error = sqliteError(thrown, path)
      return rollback(connection, error, path, units)
    }
  }
}

/** A full disk ends SQLite's transaction by itself; other failures leave it open. */
const rollback = (
  connection: DatabaseSync,
  error: SecretsError,
  path: string,
  units: readonly WriteUnit[],
): readonly UnitResult[] => {
  try {
    if (connection.isTransaction) connection.exec('rollback')
  } catch (thrown) {
    const worse = sqliteError(thrown, path)
    return units.map(() => worse)
  }
  return units.map(() => error)
}
