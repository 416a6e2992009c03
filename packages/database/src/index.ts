/**
 * SQLite and PostgreSQL for programs that must not lose an acknowledged write, behind one reader and one writer: opens
 * and checks the database, migrates it forward, reads, and commits many callers' units at once, each with its audit
 * records. Use it under a store. It knows no table but those of the audit log, and acknowledges nothing before the disk has it.
 */
export { appendAudit, type AppendAuditOptions } from './audit-log/append-audit.ts'
export { brokenSeal, type SealColumns, type SealKey, sealColumns, sealedChain } from './audit-log/audit-head.ts'
export type { AuditKeeper } from './audit-log/audit-registration.ts'
export { shownRecordOf } from './audit-log/audit-rows.ts'
export { type ChainPage, chainRows, lastRecordRows, recordRows } from './audit-log/audit-table.ts'
export {
  type AuditChainRow,
  auditLogOf,
  type AuditLinkRow,
  type AuditRecordRow,
  type AuditTables,
} from './audit-log/audit-tables.ts'
export { addHeadSeals, createAuditTables } from './audit-log/create-audit-tables.ts'
export { holdChain, type HoldChainParts } from './audit-log/hold-chain.ts'
export { type AuditVerdict, missingLog, verifyChains, type VerifyChainsOptions } from './audit-log/verify-chains.ts'
export type { BatchOptions } from './batch-writer.ts'
export { draftOf, sweepDrafts } from './backup/draft.ts'
export { type DurableFileOptions, fileError, place, writeDurably } from './backup/durable-file.ts'
export type { BackupHead, BackupLine } from './backup/format.ts'
export { type CheckedBackup, checkBackup, firstRowOf, loadBackup } from './backup/read-backup.ts'
export { type TableShape, tablesOf } from './backup/tables.ts'
export { type BackupSummary, type WriteBackupOptions, writeBackup } from './backup/write-backup.ts'
export { compileOnce } from './compiled-query.ts'
export { engineOf } from './engine-of.ts'
export { hasTable } from './has-table.ts'
export { type Migrations, migrate, migrationsOf, refuseNewerSchema } from './migrate.ts'
export type {
  BeforeCommit,
  Engine,
  Reader,
  RowStream,
  SharedWriter,
  SnapshotRows,
  SqlRow,
  SqlValue,
  Statement,
  WriteOutcome,
  Writer,
  WriteUnit,
} from './ports.ts'
export { type PostgresReaderOptions, postgresReader } from './postgres/reader.ts'
export { type PostgresServer, type PostgresTimeouts, postgresServer } from './postgres/server.ts'
export type { Answer, PostgresSession } from './postgres/session.ts'
export { settingUpPostgres } from './postgres/setup.ts'
export { openPostgresWriter, type PostgresWriterOptions } from './postgres/writer.ts'
export { openSqlite, type SqliteOptions } from './sqlite/open-sqlite.ts'
export { statement } from './statement.ts'
export { sqliteReader } from './sqlite/reader.ts'
export { settingUpSqlite } from './sqlite/setup.ts'
export { serveWrites } from './sqlite/serve-writes.ts'
export { openWriter, type WriterOptions } from './sqlite/writer.ts'
export type { ThreadData } from './sqlite/writer-messages.ts'
export { lendWriter } from './threads/lend-writer.ts'
export { moduleBeside, startThread } from './threads/thread-module.ts'
export { writerOver } from './threads/writer-over.ts'
export { writerWhenNeeded } from './writer-when-needed.ts'
