import { serveWrites } from '@keyplane/database'

/** Writes one row a batch, so that tests see how units were gathered. */
serveWrites((transaction, audit) => {
  if (audit.some(({ action }) => action === 'test:Refuse')) throw new Error('the log is full')
  transaction.run('insert into batches (records) values (?)', [audit.length])
})
