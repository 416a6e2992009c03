import { join } from 'node:path'
import { type Migrations, migrate, openSqlite, openWriter, settingUpSqlite, sqliteReader } from '@keyplane/database'
import type { Way } from './kept-by-two.ts'

/** Makes a database in a folder; gives what opens it. */
export const sqliteDatabase = async <Tables>(
  folder: string,
  migrations: Migrations,
): Promise<() => Promise<Way<Tables>>> => {
  const path = join(folder, 'rotation.db')
  const connection = openSqlite({ path, mode: 'write', check: 'header' })
  await settingUpSqlite(connection, path, (db) => migrate(db, migrations))
  connection.close()
  const thread = new URL('./writer-thread.ts', import.meta.url)
  return async () => ({
    writer: await openWriter({ path, thread }),
    reader: sqliteReader<Tables>(openSqlite({ path, mode: 'read', check: 'header' }), path),
  })
}
