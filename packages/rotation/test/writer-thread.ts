import { serveWrites } from '@keyplane/database'

serveWrites()
