import { type AuditRecord, SecretsError } from '@keyplane/core'
import { appendAudit, engineOf, type SqlRow, type Statement } from '@keyplane/database'
import { CompiledQuery, type Kysely } from 'kysely'
import type { StoreTables } from '../storage/tables.ts'

/**
 * Appends a record to a store's oldest audit chain, inside a transaction that writes: it is there exactly if what it tells
 * of is. Whoever else appends to that chain waits for the transaction's end.
 * @throws SecretsError `integrity` where the store has no audit chain.
 */
export const appendRecord = async (
  db: Kysely<StoreTables>,
  auditKey: Uint8Array,
  record: AuditRecord,
): Promise<void> => {
  const oldest = db.selectFrom('audit_chains').select('chain_id').orderBy('registered_at_ms').orderBy('chain_id')
  const chain = await oldest.limit(1).executeTakeFirst()
  if (!chain) throw new SecretsError('integrity', 'The store has no audit log.', { reason: 'damaged' })
  const { read, write } = appendAudit(
    engineOf(db) === 'postgres'
      ? { engine: 'postgres', key: auditKey, chainId: chain.chain_id }
      : { engine: 'sqlite', key: auditKey },
  )
  const run = ({ sql, parameters }: Statement) => db.executeQuery<SqlRow>(CompiledQuery.raw(sql, [...parameters]))
  const { rows } = await run(read)
  for (const statement of write(rows[0], [record])) await run(statement)
}
