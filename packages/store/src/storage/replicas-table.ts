import { type Reader, type Statement, statement } from '@keyplane/database'
import type { ReplicaRow, StoreTables } from './tables.ts'

/** Gives the statements that change what a primary knows of its replicas. All belong behind its own guarded one. */
export interface ReplicasTable {
  /** Notes a replica, in the place of what was known of it. */
  put(row: ReplicaRow): Statement
  remove(row: Pick<ReplicaRow, 'primary_id' | 'arn'>): Statement
}

export const replicasTable = ({ query }: Reader<StoreTables>): ReplicasTable => ({
  put: (row) =>
    statement(
      query
        .insertInto('secret_replicas')
        .values(row)
        .onConflict((conflict) => conflict.columns(['primary_id', 'arn']).doUpdateSet(row))
        .compile(),
      1,
    ),
  remove: ({ primary_id, arn }) =>
    statement(
      query.deleteFrom('secret_replicas').where('primary_id', '=', primary_id).where('arn', '=', arn).compile(),
      1,
    ),
})
