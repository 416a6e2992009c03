import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemRandom, TextValue } from '@keyplane/core'
import { migrate, openSqlite, openWriter, settingUpSqlite, sqliteReader } from '@keyplane/database'
import {
  databaseJournal,
  postgresTwoUsersRotator,
  postgresUserRotator,
  type Rotator,
  rotationEngine,
  rotationMigrations,
  type RotationTables,
} from '@keyplane/rotation'
import { FileVersions } from './file-versions.ts'

/** Rotates one secret again and again, and says what it is about to do; it is killed from outside. */
const [folder = ''] = process.argv.slice(2)
const { kind, admin } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as { kind: string; admin: string }

const path = join(folder, 'rotation.db')
const connection = openSqlite({ path, mode: 'write', check: 'header' })
await settingUpSqlite(connection, path, (db) => migrate(db, rotationMigrations))
connection.close()
const thread = new URL('../../../packages/rotation/test/writer-thread.ts', import.meta.url)
const writer = await openWriter({ path, thread })
const reader = sqliteReader<RotationTables>(openSqlite({ path, mode: 'read', check: 'header' }), path)

const say = (what: string): void => void process.stdout.write(`${what}\n`)
const options = { random: systemRandom, timeoutMs: 800, admin: async () => new TextValue(admin) }
const { admin: _, ...alone } = options
const kinds: Readonly<Record<string, () => Rotator>> = {
  'one user': () => postgresUserRotator(alone),
  'one user, by an administrator': () => postgresUserRotator(options),
  'two users': () => postgresTwoUsersRotator(options),
}
const rotator = kinds[kind]?.()
if (!rotator) throw new Error('There is no such kind.')
const told: Rotator = {
  name: rotator.name,
  repairs: rotator.repairs,
  create: (call, current) => (say('begins create'), rotator.create(call, current)),
  set: (call, credentials) => (say('begins set'), rotator.set(call, credentials)),
  test: (call, value) => (say('begins test'), rotator.test(call, value)),
  revert: (call, credentials) => (say('begins revert'), rotator.revert(call, credentials)),
  retire: (call, credentials) => (say('begins retire'), rotator.retire(call, credentials)),
}

const engine = rotationEngine({
  journal: databaseJournal({ reader, writer, clock: systemClock }),
  versions: new FileVersions(join(folder, 'versions.db')),
  rotators: [told],
  clock: systemClock,
  random: systemRandom,
  effectTimeoutMs: 400,
  policy: { retryBaseMs: 10, breakerOpenMs: 50 },
  observer: { step: ({ to }) => say(`is ${to}`) },
})
for (;;) {
  const begun = await engine.begin({ secretId: 'prod/db', rotator: rotator.name }).catch(() => undefined)
  const advance = begun && (await engine.advance('prod/db').catch(() => undefined))
  if (advance?.status === 'waiting' || !advance || advance.status === 'busy')
    await new Promise((resolve) => setTimeout(resolve, 20))
}
