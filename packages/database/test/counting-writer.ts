import { serveWrites } from '@keyplane/database'

/** Writes one row a batch, so that tests see how units were gathered. */
serveWrites(() => ({
  read: { sql: 'select 1', parameters: [] },
  write: (_, audit) => {
    if (audit.some(({ action }) => action === 'test:Refuse')) throw new Error('the log is full')
    return [{ sql: 'insert into batches (records) values (?)', parameters: [audit.length] }]
  },
}))
