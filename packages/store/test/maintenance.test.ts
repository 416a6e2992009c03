import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemRandom } from '@keyplane/core'
import { fileRootKey, nextRootKeySuffix, type RootKeySource } from '@keyplane/sealing'
import {
  auditTail,
  backUpStore,
  proveRootKey,
  rekeyStore,
  renewKmsKeys,
  restoreStore,
  type StoreDatabase,
  verifyAudit,
  verifyStore,
} from '@keyplane/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engine } from './test-database.ts'
import { TestStore, tokenOf } from './test-store.ts'

const random = systemRandom
let store: TestStore
let target: TestStore
const values = new Map<string, string>()

beforeEach(async () => {
  values.clear()
  target = new TestStore()
  store = await new TestStore().start()
  for (let index = 0; index < 12; index += 1) {
    const [Name, SecretString] = [`kept/${index}`, `value ${index} \u2028 ✓ "\\`]
    await store.ok('CreateSecret', { Name, SecretString, Tags: [{ Key: 'team', Value: 'a' }], Description: '\u2029' })
    values.set(Name, SecretString)
  }
  await store.ok('PutSecretValue', { SecretId: 'kept/1', SecretBinary: Buffer.from([0, 255, 10]).toString('base64') })
  await store.ok('PutSecretValue', {
    SecretId: 'kept/0',
    SecretString: 'second',
    ClientRequestToken: tokenOf('second'),
  })
  values.set('kept/0', 'second')
})
afterEach(async () => {
  await store.remove()
  await target.remove()
})

const keyOf = (of: TestStore): RootKeySource => fileRootKey({ path: of.rootKeyPath, random })
const backupPath = () => join(store.folder, 'backup')
const backUp = (path = backupPath(), replace = false) =>
  backUpStore({ ...store.database, path, replace, clock: store.clock, random })
const restore = async (database: StoreDatabase = target.database, path = backupPath()) => {
  await target.data.make()
  copyFileSync(store.rootKeyPath, target.rootKeyPath)
  return restoreStore({ ...database, path, rootKey: keyOf(target), random })
}
const expectAll = async (of: TestStore): Promise<void> => {
  for (const [SecretId, value] of values)
    if (SecretId !== 'kept/1') expect((await of.ok('GetSecretValue', { SecretId })).SecretString).toBe(value)
  const { SecretBinary } = await of.ok('GetSecretValue', { SecretId: 'kept/1' })
  expect([...Buffer.from(SecretBinary, 'base64')]).toEqual([0, 255, 10])
}
const code = async (act: Promise<unknown>): Promise<string> => {
  try {
    await act
    return 'done'
  } catch (error) {
    const { code: found, reason } = error as { code?: string; reason?: string }
    return `${found}/${reason}`
  }
}

describe('a backup', () => {
  it('of a running store has everything at its moment, and goes into an empty database', async () => {
    const { rows, sha256 } = await backUp()
    expect([rows > 40, sha256.length, (statSync(backupPath()).mode & 0o777).toString(8)]).toEqual([true, 64, '600'])
    await store.ok('PutSecretValue', { SecretId: 'kept/0', SecretString: 'later' })
    await restore()
    const verdict = await verifyStore({ ...target.database, rootKey: keyOf(target) })
    expect(verdict).toMatchObject({ ok: true, damage: [], values: { opened: 14, broken: [] } })
    await target.start()
    await expectAll(target)
    await target.ok('PutSecretValue', { SecretId: 'kept/0', SecretString: 'goes on' })
    expect(await verifyAudit({ ...target.database, rootKey: keyOf(target) })).toMatchObject([{ verdict: { ok: true } }])
  })

  it('goes into the other engine and back, with every value and the audit log', async () => {
    await backUp()
    const [databasePath, again] = [join(store.folder, 'other', 'store.sqlite'), join(store.folder, 'again')]
    await restore({ databasePath })
    await backUpStore({ databasePath, path: again, clock: store.clock, random })
    await restore(target.database, again)
    await target.start()
    await expectAll(target)
    const records = (await auditTail({ databasePath, limit: 1_000 })).length
    expect(records).toBeGreaterThan(14)
    expect(await verifyAudit({ databasePath, rootKey: keyOf(store) })).toMatchObject([{ verdict: { ok: true } }])
  })

  it('is one moment while many write', async () => {
    const writes = Array.from({ length: 40 }, (_, index) =>
      store.ok('PutSecretValue', { SecretId: `kept/${index % 12}`, SecretString: `w${index}` }),
    )
    const backups = Promise.all(Array.from({ length: 3 }, (_, index) => backUp(join(store.folder, `b${index}`))))
    await Promise.all([...writes, backups])
    for (let index = 0; index < 3; index += 1) {
      const databasePath = join(store.folder, `r${index}.sqlite`)
      await restore({ databasePath }, join(store.folder, `b${index}`))
      expect(await verifyStore({ databasePath, rootKey: keyOf(store) })).toMatchObject({ ok: true })
    }
  })

  it('replaces no file unless it is told to, and leaves no draft', async () => {
    writeFileSync(backupPath(), 'precious')
    expect(await code(backUp())).toBe('conflict/exists')
    expect(readFileSync(backupPath(), 'utf8')).toBe('precious')
    await backUp(backupPath(), true)
    expect(readFileSync(backupPath(), 'utf8')).toContain('keyplane-backup')
    expect(readdirSync(store.folder).filter((name) => name.includes('backup'))).toEqual(['backup'])
  })

  it('and a restore remove the drafts of those that were killed, and those of nobody else', async () => {
    const databasePath = join(store.folder, 'swept.sqlite')
    const draft = (name: string, ageMs: number): void => {
      const at = (Date.now() - ageMs) / 1_000
      writeFileSync(join(store.folder, name), '')
      utimesSync(join(store.folder, name), at, at)
    }
    const [old, young] = [120_000, 5_000]
    for (const name of ['.backup.0123456789ab', '.swept.sqlite.0123456789ab', '.swept.sqlite.0123456789ab-wal'])
      draft(name, old)
    const kept = ['.backup.aaaaaaaaaaaa', '.backup.mine', '.other.0123456789ab', '.swept.sqlite.bbbbbbbbbbbb']
    for (const name of kept) draft(name, name.includes('aaaa') ? young : old)
    // In use: its log is written to.
    draft('.swept.sqlite.bbbbbbbbbbbb-wal', young)
    await backUp()
    await restore({ databasePath })
    expect(readdirSync(store.folder).filter((name) => name.startsWith('.'))).toEqual([
      ...kept,
      '.swept.sqlite.bbbbbbbbbbbb-wal',
    ])
  })

  it('has no value in it', async () => {
    await store.ok('CreateSecret', { Name: 'marked', SecretString: 'CANARY-0b5c' })
    await backUp()
    const text = readFileSync(backupPath(), 'latin1')
    for (const form of ['CANARY-0b5c', Buffer.from('CANARY-0b5c').toString('base64').slice(0, 12)])
      expect(text).not.toContain(form)
  })
})

describe('a restore', () => {
  it('refuses a store that is there, another root key and a file that is none, and changes nothing', async () => {
    await backUp()
    expect(await code(restoreStore({ ...store.database, path: backupPath(), rootKey: keyOf(store), random }))).toBe(
      'conflict/exists',
    )
    await target.data.make()
    await keyOf(target).open()
    const wrong = restoreStore({ ...target.database, path: backupPath(), rootKey: keyOf(target), random })
    expect(await code(wrong)).toBe('source_misconfigured/wrong_root_key')
    expect(await code(restore(target.database, store.rootKeyPath))).toBe('source_misconfigured/not_a_backup')
    expect(await code(restore(target.database, join(store.folder, 'nowhere')))).toBe('source_misconfigured/missing')
    expect(readdirSync(target.folder)).toEqual(['root.key'])
    expect(await code(restore())).toBe('done')
  })

  it('refuses a backup that was cut or changed anywhere, and leaves nothing half-written', async () => {
    await backUp()
    const whole = readFileSync(backupPath())
    const path = join(store.folder, 'damaged')
    for (let part = 0.1; part < 1; part += 0.2) {
      const at = Math.floor(whole.length * part)
      writeFileSync(path, whole.subarray(0, at))
      expect(await code(restore(target.database, path))).toBe('integrity/damaged_backup')
      const changed = Buffer.from(whole)
      changed[at] = changed[at] === 0x41 ? 0x42 : 0x41
      writeFileSync(path, changed)
      expect(await code(restore(target.database, path))).toBe('integrity/damaged_backup')
    }
    const lines = whole.toString().trimEnd().split('\n')
    writeFileSync(path, `${lines.slice(0, -1).join('\n')}\n`)
    expect(await code(restore(target.database, path))).toBe('integrity/damaged_backup')
    writeFileSync(path, `${whole.toString()}{"more":1}\n`)
    expect(await code(restore(target.database, path))).toBe('integrity/damaged_backup')
    expect(readdirSync(target.folder)).toEqual(['root.key'])
    expect(await code(restore())).toBe('done')
  })

  it('refuses a backup of a newer version', async () => {
    await store.data.rows("insert into kysely_migration values ('0099-later', '2030-01-01')")
    await backUp()
    expect(await code(restore())).toBe('unsupported/newer_schema')
  })
})

describe('verify', () => {
  it('names each value that does not open, and tells of a broken log', async () => {
    const verify = () => verifyStore({ ...store.database, rootKey: keyOf(store) })
    expect(await verify()).toMatchObject({ ok: true, values: { opened: 14 } })
    await store.data.rows(
      `update secret_versions set sealed_value = (select sealed_value from secret_versions where version_id = '${tokenOf('second')}')
       where secret_id = (select id from secrets where name = 'kept/5')`,
    )
    await store.data.rows('update audit_records set actor = actor || actor where seq = 4')
    const verdict = await verify()
    expect([verdict.ok, verdict.values.opened, verdict.audit[0]?.verdict.ok]).toEqual([false, 13, false])
    expect(verdict.values.broken).toEqual([expect.stringMatching(/^kept\/5 .*: it does not open$/)])
  })

  it('counts all values that do not open, and names the first hundred', async () => {
    for (let index = 0; index < 100; index += 1)
      await store.ok('PutSecretValue', { SecretId: 'kept/2', SecretString: `many ${index}` })
    await store.data.rows('update secret_versions set sealed_value = wrapped_data_key where sealed_value is not null')
    const { values: found } = await verifyStore({ ...store.database, rootKey: keyOf(store) })
    expect([found.opened, found.broken.length, found.brokenCount]).toEqual([0, 100, 114])
  })

  it('wants the right root key', async () => {
    await keyOf(target).open()
    expect(await code(verifyStore({ ...store.database, rootKey: keyOf(target) }))).toBe(
      'source_misconfigured/wrong_root_key',
    )
  })
})

describe('a change of the root key', () => {
  const next = () => fileRootKey({ path: `${store.rootKeyPath}${nextRootKeySuffix}`, random })
  const sealed = () =>
    store.data.rows('select version_id, sealed_value, wrapped_data_key from secret_versions order by 1')

  it('puts all keys under the new one and no value, while the store runs and makes new keys', async () => {
    const before = await sealed()
    await next().open()
    expect(await rekeyStore({ ...store.database, from: keyOf(store), to: next() })).toEqual({ keys: 1 })
    expect(await sealed()).toEqual(before)
    await expectAll(store)
    // Needs a key in a region that has none yet: it must be under the new root key.
    await store.ok('CreateSecret', { Name: 'elsewhere', SecretString: 'v' }, { region: 'eu-central-1' })
    renameSync(`${store.rootKeyPath}${nextRootKeySuffix}`, store.rootKeyPath)
    await store.stop()
    await store.start()
    await expectAll(store)
    const { SecretString } = await store.ok('GetSecretValue', { SecretId: 'elsewhere' }, { region: 'eu-central-1' })
    expect(SecretString).toBe('v')
    expect(await verifyStore({ ...store.database, rootKey: keyOf(store) })).toMatchObject({ ok: true })
  })

  it('that was cut off leaves a store that opens, before it and after it', async () => {
    await next().open()
    await store.stop()
    await store.start()
    await expectAll(store)
    await rekeyStore({ ...store.database, from: keyOf(store), to: next() })
    await store.stop()
    await store.start()
    await expectAll(store)
    await store.stop()
    // The old one alone no longer opens it, the new one alone does.
    const old = join(store.folder, 'old.key')
    copyFileSync(store.rootKeyPath, old)
    expect(await code(store.start({ rootKey: fileRootKey({ path: old, random }) }))).toBe(
      'source_misconfigured/wrong_root_key',
    )
    renameSync(`${store.rootKeyPath}${nextRootKeySuffix}`, store.rootKeyPath)
    await store.start()
    await expectAll(store)
  })

  it('from a wrong key is refused and changes nothing', async () => {
    await keyOf(target).open()
    expect(await code(rekeyStore({ ...store.database, from: keyOf(target), to: next() }))).toBe(
      'source_misconfigured/wrong_root_key',
    )
    await store.stop()
    await store.start()
    await expectAll(store)
  })
})

describe('new materials for KMS keys', () => {
  it('take over every data key in batches while the store writes, and touch no value', async () => {
    for (let index = 0; index < 150; index += 1)
      await store.ok('PutSecretValue', { SecretId: 'kept/2', SecretString: `many ${index}` })
    values.set('kept/2', 'many 149')
    const writing = Array.from({ length: 20 }, (_, index) =>
      store.ok('PutSecretValue', { SecretId: 'kept/3', SecretString: `meanwhile ${index}` }),
    )
    const progress: number[] = []
    const renewing = renewKmsKeys({
      ...store.database,
      rootKey: keyOf(store),
      clock: store.clock,
      random,
      onProgress: (dataKeys) => progress.push(dataKeys),
    })
    await Promise.all(writing)
    expect((await renewing).keys).toBe(1)
    expect(progress.length).toBeGreaterThan(1)
    values.set('kept/3', (await store.ok('GetSecretValue', { SecretId: 'kept/3' })).SecretString)
    await store.stop()
    await store.start()
    await expectAll(store)
    await store.ok('PutSecretValue', { SecretId: 'kept/4', SecretString: 'under the new one' })
    const used = await store.data.rows('select distinct kms_material from secret_versions order by 1')
    expect(used.at(-1)).toEqual({ kms_material: 2 })
    expect(await verifyStore({ ...store.database, rootKey: keyOf(store) })).toMatchObject({ ok: true })
    const records = await auditTail({ ...store.database, limit: 1_000 })
    expect(records.filter(({ record }) => record.action === 'keyplane:RenewKmsKey')).toHaveLength(1)
  })
})

describe('what an operator does', () => {
  const actions = async (of: StoreDatabase): Promise<readonly string[]> =>
    (await auditTail({ ...of, limit: 1_000 }))
      .filter(({ record }) => record.actor === `keyplane:operator/${userInfo().username}`)
      .map(({ record }) => record.action.replace('keyplane:', ''))

  it('stands in the audit log while the store runs, and in the log that a restored one goes on with', async () => {
    await backUpStore({
      ...store.database,
      path: backupPath(),
      rootKey: keyOf(store),
      clock: store.clock,
      random,
      onUnrecorded: (why) => expect(why).toBeUndefined(),
    })
    const next = fileRootKey({ path: `${store.rootKeyPath}${nextRootKeySuffix}`, random })
    await next.open()
    await rekeyStore({ ...store.database, from: keyOf(store), to: next, clock: store.clock, random })
    await store.ok('PutSecretValue', { SecretId: 'kept/0', SecretString: 'goes on' })
    await store.stop()
    expect(await actions(store.database)).toEqual(['BackUpStore', 'RekeyStore'])
    expect(await verifyAudit({ ...store.database, rootKey: next })).toMatchObject([{ verdict: { ok: true } }])
    await restore()
    expect(await actions(target.database)).toEqual(['BackUpStore', 'RestoreStore'])
    expect(await verifyAudit({ ...target.database, rootKey: keyOf(target) })).toMatchObject([{ verdict: { ok: true } }])
  })

  it('is not done without its record, but for a backup, which says that it has none', async () => {
    await store.data.fillUp('audit_records', 'insert')
    const to = fileRootKey({ path: `${store.rootKeyPath}${nextRootKeySuffix}`, random })
    await to.open()
    await expect(rekeyStore({ ...store.database, from: keyOf(store), to })).rejects.toMatchObject({
      name: 'SecretsError',
    })
    await store.data.makeRoom('audit_records')
    expect(await verifyStore({ ...store.database, rootKey: keyOf(store) })).toMatchObject({ ok: true })
    expect(await code(proveRootKey(store.database, to))).toBe('source_misconfigured/wrong_root_key')
    const unrecorded: unknown[] = []
    const parts = {
      path: backupPath(),
      clock: store.clock,
      random,
      onUnrecorded: (why: unknown) => unrecorded.push(why),
    }
    await keyOf(target).open()
    await backUpStore({ ...store.database, ...parts, rootKey: keyOf(target) })
    expect(unrecorded).toMatchObject([{ reason: 'wrong_root_key' }])
    expect([existsSync(backupPath()), await actions(store.database)]).toEqual([true, []])
  })
})

describe('a database without a store', () => {
  it('is told as such by whoever looks for one', async () => {
    await target.data.make()
    if (engine === 'sqlite') writeFileSync(target.databasePath, '')
    const backup = { ...target.database, path: backupPath(), clock: store.clock, random }
    for (const looks of [
      () => verifyStore({ ...target.database, rootKey: keyOf(target) }),
      () => verifyAudit({ ...target.database, rootKey: keyOf(target) }),
      () => auditTail({ ...target.database, limit: 10 }),
      () => backUpStore(backup),
    ])
      await expect(looks()).rejects.toMatchObject({
        code: 'config_invalid',
        message: expect.stringMatching(/^There is no store in .+\.$/),
      })
    expect(existsSync(backupPath())).toBe(false)
  })
})

describe.runIf(engine === 'sqlite')('a file of the store', () => {
  it('is not made by a start whose root key is not had, nor by the proof of a key', async () => {
    const absent: RootKeySource = { ...keyOf(target), open: () => Promise.reject(new Error('no key')) }
    await expect(target.start({ rootKey: absent })).rejects.toThrow('no key')
    expect(await proveRootKey(target.database, absent)).toBe('new')
    expect(readdirSync(target.folder).filter((name) => name.startsWith('store'))).toEqual([])
  })

  it('that is empty is restored into, and one with tables of others is kept', async () => {
    await backUp()
    const [empty, wal, others] = ['empty', 'wal', 'others'].map((name) => join(store.folder, `${name}.sqlite`)) as [
      string,
      string,
      string,
    ]
    writeFileSync(empty, '')
    const made = new DatabaseSync(wal)
    made.exec('pragma journal_mode = wal')
    made.close()
    for (const databasePath of [empty, wal]) {
      await restore({ databasePath })
      expect(await verifyStore({ databasePath, rootKey: keyOf(store) })).toMatchObject({ ok: true })
    }
    const theirs = new DatabaseSync(others)
    theirs.exec('create table precious (a)')
    theirs.close()
    expect(await code(restore({ databasePath: others }))).toBe('conflict/exists')
    writeFileSync(others, 'no database at all, but somebody wrote it')
    expect(await code(restore({ databasePath: others }))).toBe('conflict/exists')
  })

  it('is made for its owner alone by a restore', async () => {
    await backUp()
    await restore()
    expect((statSync(target.databasePath).mode & 0o777).toString(8)).toBe('600')
    expect(existsSync(`${target.databasePath}-wal`)).toBe(false)
  })
})
