import type { ChainHead } from '@keyplane/audit'
import type { Kysely, Migration } from 'kysely'
import { addHeadSeals, type AuditTables, type SealColumns } from '@keyplane/database'

/** Adds the seal of a chain's head, and seals the heads that an earlier version wrote, as it finds them. */
export const auditHeadSeal = (seal: (head: ChainHead) => SealColumns): Migration => ({
  up: async (db: Kysely<unknown>): Promise<void> => {
    await addHeadSeals(db)
    const chains = db as Kysely<AuditTables>
    for (const { chain_id: chainId, seq, records, hash } of await chains
      .selectFrom('audit_chains')
      .selectAll()
      .execute())
      await chains
        .updateTable('audit_chains')
        .set(seal({ chainId, seq, records, hash }))
        .where('chain_id', '=', chainId)
        .execute()
  },
})
