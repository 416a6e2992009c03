import { compileOnce, type Reader, type Statement, statement } from '@keyplane/database'
import type { StoreTables } from './tables.ts'

/** Reads resource policies, and gives the statements that change them. All belong behind the secret's own guarded one. */
export interface PoliciesTable {
  /** The policy of a secret, as it was given. */
  of(secretId: string): Promise<string | undefined>
  put(secretId: string, policy: string): Statement
  remove(secretId: string): Statement
}

export const policiesTable = (reader: Reader<StoreTables>): PoliciesTable => {
  const { query } = reader
  const bySecret = compileOnce((secretId: string) =>
    query.selectFrom('secret_policies').selectAll().where('secret_id', '=', secretId),
  )
  return {
    of: async (secretId) => (await reader.all(bySecret(secretId)))[0]?.policy,
    put: (secret_id, policy) =>
      statement(
        query
          .insertInto('secret_policies')
          .values({ secret_id, policy })
          .onConflict((conflict) => conflict.column('secret_id').doUpdateSet({ policy }))
          .compile(),
        1,
      ),
    remove: (secretId) => statement(query.deleteFrom('secret_policies').where('secret_id', '=', secretId).compile()),
  }
}
