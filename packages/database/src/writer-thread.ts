/** What the thread of a SQLite writer needs, and nothing that builds queries or speaks to a server: a thread loads it all anew. */
export { type AppendAuditOptions, appendAudit } from './audit-log/append-audit.ts'
export { serveWrites } from './sqlite/serve-writes.ts'
