import {
  type Migrations,
  migrate,
  openPostgresWriter,
  postgresReader,
  postgresServer,
  settingUpPostgres,
} from '@keyplane/database'
import {
  databaseJournal,
  databaseReceipts,
  receiptMigrations,
  type ReceiptTables,
  rotationMigrations,
  type RotationTables,
} from '@keyplane/rotation'
import { describeReceipts, describeRotationJournal } from '@keyplane/rotation/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { keptByTwo, type Way } from '../../../packages/rotation/test/kept-by-two.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'

let server: ScratchServer
let made = 0
beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())

/** Makes a database; gives what opens it. */
const newDatabase = async <Tables>(migrations: Migrations): Promise<() => Promise<Way<Tables>>> => {
  const database = postgresServer(await server.createDatabase(`kept_${(made += 1)}`))
  await settingUpPostgres(database, (db) => migrate(db, migrations))
  return async () => ({ writer: await openPostgresWriter(database), reader: postgresReader<Tables>(database) })
}

describeRotationJournal(
  'PostgreSQL',
  async () => {
    const { one: journal, ...fixture } = await keptByTwo(
      await newDatabase<RotationTables>(rotationMigrations),
      databaseJournal,
    )
    return { journal, ...fixture }
  },
  { describe, it },
)

describeReceipts(
  'PostgreSQL',
  async () => {
    const { one: receipts, ...fixture } = await keptByTwo(
      await newDatabase<ReceiptTables>(receiptMigrations),
      databaseReceipts,
    )
    return { receipts, ...fixture }
  },
  { describe, it },
)
