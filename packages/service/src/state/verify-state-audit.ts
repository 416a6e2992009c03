import { auditLogOf, type AuditVerdict, hasTable, verifyChains } from '@keyplane/database'
import { SecretsError } from '@keyplane/core'
import { stateReader } from './state-database.ts'
import type { StateSettings } from './state-settings.ts'

/**
 * Verifies every chain of the audit log in a service's database; services may be writing it.
 * @throws SecretsError `config_invalid` (`missing`) where there is no service's state.
 */
export const verifyServiceAudit = async ({
  database,
  auditKey,
}: Pick<StateSettings, 'database' | 'auditKey'>): Promise<readonly AuditVerdict[]> => {
  const reader = stateReader(database)
  try {
    if (!(await hasTable(reader.query, 'service')))
      throw new SecretsError('config_invalid', "There is no service's state in that database.", { reason: 'missing' })
    return await verifyChains(auditLogOf(reader), { auditKey })
  } finally {
    await reader.close()
  }
}
