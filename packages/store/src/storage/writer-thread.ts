import { serveWrites } from '@keyplane/database'
import { appendAudit } from './append-audit.ts'

serveWrites(appendAudit)
