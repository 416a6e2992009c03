import { migrate, openPostgresWriter, postgresReader, postgresServer, settingUpPostgres } from '@keyplane/database'
import { fakeClock } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { databaseJournal, rotationMigrations, type RotationTables } from '@keyplane/rotation'
import { describeRotationJournal } from '@keyplane/rotation/testing'
import { ScratchServer } from '../postgres/scratch-server.ts'

let server: ScratchServer
let made = 0
beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())

describeRotationJournal(
  'PostgreSQL',
  async () => {
    const database = postgresServer(await server.createDatabase(`journal_${(made += 1)}`))
    await settingUpPostgres(database, (db) => migrate(db, rotationMigrations))
    const clock = fakeClock()
    const opened: { close(): Promise<void> }[] = []
    const open = async () => {
      const writer = await openPostgresWriter(database)
      const reader = postgresReader<RotationTables>(database)
      opened.push(writer, reader)
      return databaseJournal({ reader, writer, clock })
    }
    return {
      journal: await open(),
      other: await open(),
      clock,
      stop: async () => {
        for (const each of opened) await each.close()
      },
    }
  },
  { describe, it },
)
