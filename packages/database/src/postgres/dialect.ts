import {
  type DataTypeNode,
  type OperationNode,
  PostgresDialect,
  PostgresQueryCompiler,
  type QueryCompiler,
  type RawNode,
} from 'kysely'
import type { Pool } from 'pg'

/**
 * Kysely's PostgreSQL dialect for schemas that are written once for both engines, in SQLite's words: `blob` is `bytea`,
 * `text` has the order of its bytes, and `without rowid` says nothing.
 */
export const postgresDialect = (pool: () => Promise<Pool>): PostgresDialect => new SharedSchemaDialect({ pool })

class SharedSchemaDialect extends PostgresDialect {
  override createQueryCompiler(): QueryCompiler {
    return new SharedSchemaCompiler()
  }
}

class SharedSchemaCompiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    if ((node.dataType as string) === 'blob') this.append('bytea')
    else if (node.dataType === 'text') this.append('text collate "C"')
    else super.visitDataType(node)
  }

  protected override visitRaw(node: RawNode): void {
    if (isWithoutRowid(node)) return
    super.visitRaw(node)
  }
}

const isWithoutRowid = (node: RawNode & OperationNode): boolean =>
  node.sqlFragments.join('').trim().toLowerCase() === 'without rowid'
