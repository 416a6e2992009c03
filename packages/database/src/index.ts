/**
 * SQLite for programs that must not lose an acknowledged write: opens and checks the file, migrates it forward, reads
 * on the caller's thread, and writes through one thread that commits many callers' units at once, each with its audit
 * records. Use it under a store. It knows no table of its own, and acknowledges nothing before the disk has it.
 */
export { compileOnce } from './compiled-query.ts'
export { type Migrations, migrate, refuseNewerSchema } from './migrate.ts'
export { openSqlite, type SqliteOptions } from './open-sqlite.ts'
export { type Reader, type SnapshotRows, sqliteReader } from './reader.ts'
export { serveWrites } from './serve-writes.ts'
export type {
  BatchTransaction,
  BeforeCommit,
  SqlValue,
  Statement,
  ThreadData,
  WriteOutcome,
  Writer,
  WriteUnit,
} from './write-unit.ts'
export { openWriter, type WriterOptions } from './writer.ts'
