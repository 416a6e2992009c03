import { DatabaseSync } from 'node:sqlite'
import { verifyAudit } from '@keyplane/store'
import type { Write } from './write-storm.ts'

/** Rows that no transaction leaves behind: versions without all their parts, secrets without a current version. */
const halves: Readonly<Record<string, string>> = {
  'a version with only some of its parts': `select version_id as id from secret_versions
    where (kind is null) + (sealed_value is null) + (wrapped_data_key is null) + (kms_key_id is null) + (kms_material is null)
      not in (0, 5)`,
  'a secret without a current version': `select name as id from secrets where id not in
    (select secret_id from version_stages where label = 'AWSCURRENT')`,
  'a version without its secret':
    'select version_id as id from secret_versions where secret_id not in (select id from secrets)',
  'a broken reference': 'select "table" as id from pragma_foreign_key_check',
}

/** What is wrong with a database, its audit log included; an acknowledged write without its audit record too. */
export const checkDatabase = async (path: string, writes: readonly Write[] = []): Promise<string[]> => {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const check = database.prepare('pragma integrity_check').get()?.['integrity_check']
    const rows = Object.entries(halves).flatMap(([what, query]) =>
      database
        .prepare(query)
        .all()
        .map(({ id }) => `${what}: ${String(id)}`),
    )
    const record = database.prepare("select 1 from audit_records where request_id = ? and decision = 'allow'")
    const unrecorded = writes.flatMap(({ requestId, versionId }) =>
      requestId === undefined || record.get(requestId) ? [] : [`${versionId} has no audit record`],
    )
    const chains = await verifyAudit({ databasePath: path })
    const broken = chains.flatMap(({ verdict }) => (verdict.ok ? [] : [`the audit chain: ${verdict.message}`]))
    return [...(check === 'ok' ? [] : [`integrity_check: ${String(check)}`]), ...rows, ...unrecorded, ...broken]
  } finally {
    database.close()
  }
}
