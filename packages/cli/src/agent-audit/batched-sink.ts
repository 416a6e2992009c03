import { setImmediate } from 'node:timers/promises'
import type { AuditBatches } from '@keyplane/agent'
import type { AuditRecord, AuditSink } from '@keyplane/core'

/**
 * Records one by one, where they are kept in batches: those of one turn of the event loop share a link and a write, which
 * cost more than a record.
 */
export const batchedSink = (batches: AuditBatches): AuditSink => {
  let waiting: AuditRecord[] = []
  let writing: Promise<void> | undefined
  const write = (): void => {
    const batch = waiting
    waiting = []
    writing = undefined
    batches.write(batch)
  }
  return {
    append: (record) => {
      waiting.push(record)
      writing ??= setImmediate().then(write)
      return writing
    },
    close: async () => batches.close(),
  }
}
