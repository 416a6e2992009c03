import { appendAudit, serveWrites } from '@keyplane/database/writer-thread'

serveWrites(({ auditKey }) => appendAudit({ engine: 'sqlite', key: auditKey as Uint8Array | undefined }))
