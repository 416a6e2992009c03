import type { ChainHead } from '@keyplane/audit'
import type { Migrations, SealColumns } from '@keyplane/database'
import { rotationMigrations } from '@keyplane/rotation'
import { secretsKeysAudit } from './migrations/0001-secrets-keys-audit.ts'
import { auditHeadSeal } from './migrations/0002-audit-head-seal.ts'
import { replicasPolicies } from './migrations/0003-replicas-policies.ts'
import { kms } from './migrations/0004-kms.ts'
import { kmsAliasesByKey } from './migrations/0005-kms-aliases-by-key.ts'
import { secretRotations } from './migrations/0006-secret-rotations.ts'
import { rotatedUser } from './migrations/0007-rotated-user.ts'

/** The store's schema, step by step. A step that was released is never changed. */
export const storeMigrations = (seal: (head: ChainHead) => SealColumns): Migrations =>
  Object.freeze({
    '0001-secrets-keys-audit': secretsKeysAudit,
    '0002-audit-head-seal': auditHeadSeal(seal),
    '0003-replicas-policies': replicasPolicies,
    '0004-kms': kms,
    '0005-kms-aliases-by-key': kmsAliasesByKey,
    '0006-secret-rotations': secretRotations,
    '0007-rotated-user': rotatedUser,
    ...rotationMigrations,
  })
