import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { auditTail, backUpStore, restoreStore, verifyAudit, verifyStore } from '@keyplane/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engine } from './test-database.ts'
import { RotatingStore } from './rotating-store.ts'
import { tokenOf } from './test-store.ts'

/**
 * Databases as they were when each step of the schema was the newest: the store of that day made them, with the same
 * calls, and SQLite wrote them down as SQL. One is added with each step, and none is ever changed.
 */
const schemas = new URL('./schemas/', import.meta.url)
const names = readdirSync(schemas).filter((name) => name.endsWith('.sql'))

let store: RotatingStore
beforeEach(() => {
  store = new RotatingStore()
  // The root key that all of them were made with.
  const bytes = Uint8Array.from({ length: 32 }, (_, index) => (index * 7) % 256)
  writeFileSync(store.rootKeyPath, bytes, { mode: 0o600 })
})
afterEach(() => store.remove())

const rootKey = () => fileRootKey({ path: store.rootKeyPath, random: systemRandom })

const makeDatabase = (path: string, name: string): void => {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  database.exec(readFileSync(new URL(name, schemas), 'utf8'))
  database.close()
}

/** Puts the old database where the store looks for it; into PostgreSQL by way of a backup, in its old schema. */
const prepare = async (name: string): Promise<void> => {
  if (engine === 'sqlite') return makeDatabase(store.databasePath, name)
  const [databasePath, path] = [join(store.folder, 'old.db'), join(store.folder, 'old.backup')]
  makeDatabase(databasePath, name)
  await backUpStore({ databasePath, path, clock: store.clock, random: systemRandom })
  await store.data.make()
  await restoreStore({ ...store.database, path, rootKey: rootKey(), random: systemRandom })
}

describe('the schema', () => {
  it('has a database of each step but the newest ones that are not released', () => {
    expect(names).toEqual(expect.arrayContaining(['0001-secrets-keys-audit.sql', '0002-audit-head-seal.sql']))
  })
})

describe.each(names)('a database as %s left it', (name) => {
  it('opens, and has every value, version, label, tag and date', async () => {
    await prepare(name)
    await store.start()
    const valueOf = async (input: object, region = 'eu-west-1') => store.ok('GetSecretValue', { ...input }, { region })
    expect(await valueOf({ SecretId: 'old/text' })).toMatchObject({
      SecretString: 'second',
      VersionId: tokenOf('two'),
      VersionStages: ['AWSCURRENT'],
    })
    expect((await valueOf({ SecretId: 'old/text', VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('first ✓')
    expect((await valueOf({ SecretId: 'old/text', VersionStage: 'own' })).SecretString).toBe('pending')
    const { SecretBinary } = await valueOf({ SecretId: 'old/binary' })
    expect([...Buffer.from(SecretBinary, 'base64')]).toEqual([0, 255, 10, 13])
    expect((await valueOf({ SecretId: 'old/elsewhere' }, 'eu-central-1')).SecretString).toBe('far')
    expect(await store.ok('DescribeSecret', { SecretId: 'old/text' })).toMatchObject({
      Description: 'kept',
      Tags: [{ Key: 'team', Value: 'a' }],
    })
    await store.ok('RestoreSecret', { SecretId: 'old/deleted' })
    expect((await valueOf({ SecretId: 'old/deleted' })).SecretString).toBe('recoverable')
  })

  it('goes on: what is written then is kept beside what was, and the audit log is one', async () => {
    await prepare(name)
    const before = (await auditTail({ ...store.database, limit: 1_000 })).length
    await store.start()
    await store.ok('PutSecretValue', { SecretId: 'old/text', SecretString: 'third' })
    await store.ok('CreateSecret', { Name: 'new/one', SecretString: 'new' })
    await store.stop()
    await store.start()
    expect((await store.ok('GetSecretValue', { SecretId: 'old/text' })).SecretString).toBe('third')
    expect((await store.ok('GetSecretValue', { SecretId: 'new/one' })).SecretString).toBe('new')
    expect(await verifyAudit({ ...store.database, rootKey: rootKey() })).toMatchObject([{ verdict: { ok: true } }])
    expect((await auditTail({ ...store.database, limit: 1_000 })).length).toBe(before + 4)
    expect(await verifyStore({ ...store.database, rootKey: rootKey() })).toMatchObject({ ok: true })
  })

  it.runIf(name >= '0006')('rotates what was to be rotated', async () => {
    await prepare(name)
    await store.start({ clock: { ...store.clock, nowMs: () => store.clock.nowMs() + 31 * 86_400_000 } })
    const ends = async () => (await store.steps()).filter(({ State }) => State === 'finished')
    await store.until(async () => (await ends()).length === 2)
  })

  it('is left as it is where the root key is another', async () => {
    await prepare(name)
    const tables = async () =>
      JSON.stringify(await store.data.rows('select name from kysely_migration order by name')) +
      JSON.stringify(await store.data.rows('select * from audit_chains'))
    const before = await tables()
    writeFileSync(store.rootKeyPath, systemRandom.bytes(32))
    await expect(store.start()).rejects.toMatchObject({ reason: 'wrong_root_key' })
    expect(await tables()).toBe(before)
  })
})
