import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { SecretsError } from '@keyplane/core'
import type { UnitResult } from '../batch-writer.ts'
import type { BeforeCommit, SqlRow, Statement, WriteOutcome, WriteUnit } from '../ports.ts'
import { concernsWholeDatabase, sqliteError } from './errors.ts'
import { statementCache } from './statement-cache.ts'

/** Commits a batch of units in one transaction, a savepoint each; gives one result a unit, in their order. */
export type GroupCommit = (units: readonly WriteUnit[]) => readonly UnitResult[]

export interface GroupCommitOptions {
  readonly connection: DatabaseSync
  readonly path: string
  readonly beforeCommit?: BeforeCommit
}

/** Group commit on one connection, which nobody else may write through. */
export const groupCommit = ({ connection, path, beforeCommit }: GroupCommitOptions): GroupCommit => {
  const statement = statementCache(connection)
  const run = (sql: string): void => void statement(sql).run()
  const change = ({ sql, parameters }: Statement): number =>
    Number(statement(sql).run(...(parameters as SQLInputValue[])).changes)

  const runStatements = (unit: WriteUnit): WriteOutcome => {
    for (const each of unit.statements) {
      const changed = change(each)
      if (each.expectRows !== undefined && changed !== each.expectRows) return 'conflict'
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
    const audit = units.flatMap((unit, index) => (results[index] === 'committed' ? unit.audit : []))
    if (beforeCommit && audit.length > 0) {
      const { sql, parameters } = beforeCommit.read
      const row = statement(sql).get(...(parameters as SQLInputValue[])) as SqlRow | undefined
      for (const each of beforeCommit.write(row, audit)) change(each)
    }
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
