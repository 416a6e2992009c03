import { join } from 'node:path'
import {
  type Migrations,
  migrate,
  openSqlite,
  openWriter,
  type Reader,
  settingUpSqlite,
  sqliteReader,
  type Writer,
} from '@keyplane/database'
import { type FakeClock, fakeClock } from '@keyplane/testkit'

/** One process's way to a database. */
export interface Way<Tables> {
  readonly reader: Reader<Tables>
  readonly writer: Writer
  readonly clock: FakeClock
}

/** What is kept in a new database of a folder, by two processes. */
export const keptInSqlite = async <Tables, Kept>(
  folder: string,
  migrations: Migrations,
  keep: (way: Way<Tables>) => Kept,
) => {
  const path = join(folder, 'rotation.db')
  const connection = openSqlite({ path, mode: 'write', check: 'header' })
  await settingUpSqlite(connection, path, (db) => migrate(db, migrations))
  connection.close()
  const clock = fakeClock()
  const opened: { close(): Promise<void> }[] = []
  const open = async (): Promise<Kept> => {
    const writer = await openWriter({ path, thread: new URL('./writer-thread.ts', import.meta.url) })
    const reader = sqliteReader<Tables>(openSqlite({ path, mode: 'read', check: 'header' }), path)
    opened.push(writer, reader)
    return keep({ reader, writer, clock })
  }
  return {
    one: await open(),
    other: await open(),
    clock,
    stop: async () => {
      for (const each of opened) await each.close()
    },
  }
}
