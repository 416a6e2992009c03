import {
  type Migrations,
  migrate,
  openPostgresWriter,
  postgresReader,
  postgresServer,
  type Reader,
  settingUpPostgres,
  type Writer,
} from '@keyplane/database'
import { databaseJournal, databaseReceipts, receiptMigrations, rotationMigrations } from '@keyplane/rotation'
import { describeReceipts, describeRotationJournal } from '@keyplane/rotation/testing'
import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'

let server: ScratchServer
let made = 0
beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())

/** What is kept in a new database, by two processes. */
const kept = async <Tables, Kept>(
  migrations: Migrations,
  keep: (way: { readonly reader: Reader<Tables>; readonly writer: Writer; readonly clock: FakeClock }) => Kept,
) => {
  const database = postgresServer(await server.createDatabase(`kept_${(made += 1)}`))
  await settingUpPostgres(database, (db) => migrate(db, migrations))
  const clock = fakeClock()
  const opened: { close(): Promise<void> }[] = []
  const open = async (): Promise<Kept> => {
    const writer = await openPostgresWriter(database)
    const reader = postgresReader<Tables>(database)
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

describeRotationJournal(
  'PostgreSQL',
  async () => {
    const { one: journal, ...fixture } = await kept(rotationMigrations, databaseJournal)
    return { journal, ...fixture }
  },
  { describe, it },
)

describeReceipts(
  'PostgreSQL',
  async () => {
    const { one: receipts, ...fixture } = await kept(receiptMigrations, databaseReceipts)
    return { receipts, ...fixture }
  },
  { describe, it },
)
