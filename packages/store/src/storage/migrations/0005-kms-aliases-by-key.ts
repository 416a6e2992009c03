import type { Kysely, Migration } from 'kysely'

/** Finds the names that lead to a key by the key: each use of one is judged by its names too. */
export const kmsAliasesByKey: Migration = {
  up: async ({ schema }: Kysely<unknown>): Promise<void> => {
    await schema.createIndex('kms_aliases_by_key').on('kms_aliases').columns(['key_id', 'name']).execute()
  },
}
