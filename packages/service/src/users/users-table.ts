import { compileOnce, type Reader, type Statement, statement } from '@keyplane/database'
import type { StateTables, UserRow } from '../state/tables.ts'

/** Reads users, and gives the statements that change them; each meets the user as he was read, or nothing. */
export interface UsersTable {
  find(name: string): Promise<UserRow | undefined>
  /** By their names. */
  all(): Promise<readonly UserRow[]>
  insert(user: UserRow): Statement
  /** For a row with the revision that it had. */
  replace(user: UserRow): Statement
  remove(user: Pick<UserRow, 'name' | 'revision'>): Statement
}

export const usersTable = (reader: Reader<StateTables>): UsersTable => {
  const { query } = reader
  const byName = compileOnce((name: string) => query.selectFrom('users').selectAll().where('name', '=', name))
  return {
    find: async (name) => (await reader.all(byName(name)))[0],
    all: () => reader.all(query.selectFrom('users').selectAll().orderBy('name').compile()),
    insert: (user) => statement(query.insertInto('users').values(user).compile(), 1),
    replace: ({ name, revision, ...changed }) =>
      statement(
        query
          .updateTable('users')
          .set({ ...changed, revision: revision + 1 })
          .where('name', '=', name)
          .where('revision', '=', revision)
          .compile(),
        1,
      ),
    remove: ({ name, revision }) =>
      statement(query.deleteFrom('users').where('name', '=', name).where('revision', '=', revision).compile(), 1),
  }
}
