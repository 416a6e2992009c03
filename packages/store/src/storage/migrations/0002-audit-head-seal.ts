import type { ChainHead } from '@keyplane/audit'
import type { Kysely, Migration } from 'kysely'
import type { SealColumns } from '../audit-head.ts'
import type { AuditChainRow } from '../tables.ts'

interface Chains {
  readonly audit_chains: AuditChainRow
}

/** Adds the seal of a chain's head, and seals the heads that an earlier version wrote, as it finds them. */
export const auditHeadSeal = (seal: (head: ChainHead) => SealColumns): Migration => ({
  up: async (db: Kysely<unknown>): Promise<void> => {
    for (const column of ['head_hash', 'head_mac'])
      await db.schema.alterTable('audit_chains').addColumn(column, 'blob').execute()
    const chains = db as Kysely<Chains>
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
