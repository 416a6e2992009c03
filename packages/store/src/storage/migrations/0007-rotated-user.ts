import type { Kysely, Migration } from 'kysely'

/** Adds whose password an administrator changes; of a rotation that was set up before, nobody has said so. */
export const rotatedUser: Migration = {
  up: async ({ schema }: Kysely<unknown>): Promise<void> => {
    await schema.alterTable('secret_rotations').addColumn('user_digest', 'text').execute()
  },
}
