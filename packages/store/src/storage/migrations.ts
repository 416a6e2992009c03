import type { Migrations } from '@keyplane/database'
import { secretsKeysAudit } from './migrations/0001-secrets-keys-audit.ts'

/** The store's schema, step by step. A step that was released is never changed. */
export const storeMigrations: Migrations = Object.freeze({
  '0001-secrets-keys-audit': secretsKeysAudit,
})
