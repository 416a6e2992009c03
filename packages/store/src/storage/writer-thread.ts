import { serveWrites } from '@keyplane/database'
import { appendAudit } from './append-audit.ts'

serveWrites(({ auditKey }) => appendAudit({ engine: 'sqlite', key: auditKey as Uint8Array }))
