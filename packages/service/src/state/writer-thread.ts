import { appendAudit, serveWrites } from '@keyplane/database'

serveWrites(({ auditKey }) => appendAudit({ engine: 'sqlite', key: auditKey as Uint8Array | undefined }))
