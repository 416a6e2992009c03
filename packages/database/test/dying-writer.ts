import { serveWrites } from '@keyplane/database'

/** Ends its thread in the middle of a commit. */
serveWrites(() => ({ read: { sql: 'select 1', parameters: [] }, write: () => process.exit(3) }))
