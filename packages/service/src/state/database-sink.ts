import type { AuditSink } from '@keyplane/core'
import type { Writer } from '@keyplane/database'

/** The audit log in a database: a record is there, synced, before its `append` is done. Many share a commit. */
export const databaseSink = (writer: Writer): AuditSink => ({
  append: async (record) => void (await writer.write({ statements: [], audit: [record] })),
})
