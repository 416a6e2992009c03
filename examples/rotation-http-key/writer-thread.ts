/** The thread in which the journal's writes are committed. */
import { serveWrites } from '@keyplane/database'

serveWrites()
