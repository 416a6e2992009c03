import { serveWrites } from '@keyplane/database'

/** Ends its thread in the middle of a commit. */
serveWrites(() => process.exit(3))
