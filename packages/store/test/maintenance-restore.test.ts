import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemRandom as random } from '@keyplane/core'
import { type RootKeySource } from '@keyplane/sealing'
import { proveRootKey, restoreStore, verifyStore } from '@keyplane/store'
import { describe, expect } from 'vitest'
import { codeOf, it, keyOf } from './kept-stores.ts'
import { engine } from './test-database.ts'

describe('a restore', () => {
  it('refuses a store that is there, another root key and a file that is none, and changes nothing', async ({
    kept,
    store,
    target,
  }) => {
    await kept.backUp()
    expect(
      await codeOf(restoreStore({ ...store.database, path: kept.backupPath, rootKey: keyOf(store), random })),
    ).toBe('conflict/exists')
    await target.data.make()
    await keyOf(target).open()
    const wrong = restoreStore({ ...target.database, path: kept.backupPath, rootKey: keyOf(target), random })
    expect(await codeOf(wrong)).toBe('source_misconfigured/wrong_root_key')
    expect(await codeOf(kept.restore(target.database, store.rootKeyPath))).toBe('source_misconfigured/not_a_backup')
    expect(await codeOf(kept.restore(target.database, join(store.folder, 'nowhere')))).toBe(
      'source_misconfigured/missing',
    )
    expect(readdirSync(target.folder)).toEqual(['root.key'])
    expect(await codeOf(kept.restore())).toBe('done')
  })

  it('refuses a backup that was cut or changed anywhere, and leaves nothing half-written', async ({
    kept,
    store,
    target,
  }) => {
    await kept.backUp()
    const whole = readFileSync(kept.backupPath)
    const path = join(store.folder, 'damaged')
    for (let part = 0.1; part < 1; part += 0.2) {
      const at = Math.floor(whole.length * part)
      writeFileSync(path, whole.subarray(0, at))
      expect(await codeOf(kept.restore(target.database, path))).toBe('integrity/damaged_backup')
      const changed = Buffer.from(whole)
      changed[at] = changed[at] === 0x41 ? 0x42 : 0x41
      writeFileSync(path, changed)
      expect(await codeOf(kept.restore(target.database, path))).toBe('integrity/damaged_backup')
    }
    const lines = whole.toString().trimEnd().split('\n')
    writeFileSync(path, `${lines.slice(0, -1).join('\n')}\n`)
    expect(await codeOf(kept.restore(target.database, path))).toBe('integrity/damaged_backup')
    writeFileSync(path, `${whole.toString()}{"more":1}\n`)
    expect(await codeOf(kept.restore(target.database, path))).toBe('integrity/damaged_backup')
    expect(readdirSync(target.folder)).toEqual(['root.key'])
    expect(await codeOf(kept.restore())).toBe('done')
  })

  it('refuses a backup of a newer version', async ({ kept, store }) => {
    await store.data.rows("insert into kysely_migration values ('0099-later', '2030-01-01')")
    await kept.backUp()
    expect(await codeOf(kept.restore())).toBe('unsupported/newer_schema')
  })
})

describe.runIf(engine === 'sqlite')('a file of the store', () => {
  it('is not made by a start whose root key is not had, nor by the proof of a key', async ({ target }) => {
    const absent: RootKeySource = { ...keyOf(target), open: () => Promise.reject(new Error('no key')) }
    await expect(target.start({ rootKey: absent })).rejects.toThrow('no key')
    expect(await proveRootKey(target.database, absent)).toBe('new')
    expect(readdirSync(target.folder).filter((name) => name.startsWith('store'))).toEqual([])
  })

  it('that is empty is restored into, and one with tables of others is kept', async ({ kept, store }) => {
    await kept.backUp()
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
      await kept.restore({ databasePath })
      expect(await verifyStore({ databasePath, rootKey: keyOf(store) })).toMatchObject({ ok: true })
    }
    const theirs = new DatabaseSync(others)
    theirs.exec('create table precious (a)')
    theirs.close()
    expect(await codeOf(kept.restore({ databasePath: others }))).toBe('conflict/exists')
    writeFileSync(others, 'no database at all, but somebody wrote it')
    expect(await codeOf(kept.restore({ databasePath: others }))).toBe('conflict/exists')
  })

  it('is made for its owner alone by a restore', async ({ kept, target }) => {
    await kept.backUp()
    await kept.restore()
    expect((statSync(target.databasePath).mode & 0o777).toString(8)).toBe('600')
    expect(existsSync(`${target.databasePath}-wal`)).toBe(false)
  })
})
