import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Most statements are a few dozen texts; those with lists of varying length must not fill memory. */
const maxStatements = 200

/** Prepares each SQL text once for a connection, and forgets the least recently used. */
export const statementCache = (connection: DatabaseSync): ((sql: string) => StatementSync) => {
  const statements = new Map<string, StatementSync>()
  return (sql) => {
    const known = statements.get(sql)
    if (known) {
      if (statements.size < maxStatements) return known
      statements.delete(sql)
    }
    const statement = known ?? connection.prepare(sql)
    statements.set(sql, statement)
    if (statements.size > maxStatements) {
      const [oldest] = statements.keys()
      if (oldest !== undefined) statements.delete(oldest)
    }
    return statement
  }
}
