import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom as random } from '@keyplane/core'
import { auditTail, backUpStore, verifyAudit, verifyStore } from '@keyplane/store'
import { describe, expect } from 'vitest'
import { codeOf, it, keyOf } from './kept-stores.ts'

describe('a backup', () => {
  it('of a running store has everything at its moment, and goes into an empty database', async ({
    kept,
    store,
    target,
  }) => {
    const { rows, sha256 } = await kept.backUp()
    expect([rows > 40, sha256.length, (statSync(kept.backupPath).mode & 0o777).toString(8)]).toEqual([true, 64, '600'])
    await store.ok('PutSecretValue', { SecretId: 'kept/0', SecretString: 'later' })
    await kept.restore()
    const verdict = await verifyStore({ ...target.database, rootKey: keyOf(target) })
    expect(verdict).toMatchObject({ ok: true, damage: [], values: { opened: 14, broken: [] } })
    await target.start()
    await kept.expectAll(target)
    await target.ok('PutSecretValue', { SecretId: 'kept/0', SecretString: 'goes on' })
    expect(await verifyAudit({ ...target.database, rootKey: keyOf(target) })).toMatchObject([{ verdict: { ok: true } }])
  })

  it('goes into the other engine and back, with every value and the audit log', async ({ kept, store, target }) => {
    await kept.backUp()
    const [databasePath, again] = [join(store.folder, 'other', 'store.sqlite'), join(store.folder, 'again')]
    await kept.restore({ databasePath })
    await backUpStore({ databasePath, path: again, clock: store.clock, random })
    await kept.restore(target.database, again)
    await target.start()
    await kept.expectAll(target)
    const records = (await auditTail({ databasePath, limit: 1_000 })).length
    expect(records).toBeGreaterThan(14)
    expect(await verifyAudit({ databasePath, rootKey: keyOf(store) })).toMatchObject([{ verdict: { ok: true } }])
  })

  it('is one moment while many write', async ({ kept, store }) => {
    const writes = Array.from({ length: 40 }, (_, index) =>
      store.ok('PutSecretValue', { SecretId: `kept/${index % 12}`, SecretString: `w${index}` }),
    )
    const backups = Promise.all(Array.from({ length: 3 }, (_, index) => kept.backUp(join(store.folder, `b${index}`))))
    await Promise.all([...writes, backups])
    for (let index = 0; index < 3; index += 1) {
      const databasePath = join(store.folder, `r${index}.sqlite`)
      await kept.restore({ databasePath }, join(store.folder, `b${index}`))
      expect(await verifyStore({ databasePath, rootKey: keyOf(store) })).toMatchObject({ ok: true })
    }
  })

  it('replaces no file unless it is told to, and never what is no backup, and leaves no draft', async ({
    kept,
    store,
  }) => {
    writeFileSync(kept.backupPath, 'precious')
    expect(await codeOf(kept.backUp())).toBe('conflict/exists')
    expect(await codeOf(kept.backUp(kept.backupPath, true))).toBe('config_invalid/undefined')
    expect(readFileSync(kept.backupPath, 'utf8')).toBe('precious')
    rmSync(kept.backupPath)
    await kept.backUp()
    expect(await codeOf(kept.backUp(kept.backupPath, true))).toBe('done')
    expect(readdirSync(store.folder).filter((name) => name.includes('backup'))).toEqual(['backup'])
  })

  it('and a restore remove the drafts of those that were killed, and those of nobody else', async ({ kept, store }) => {
    const databasePath = join(store.folder, 'swept.sqlite')
    const draft = (name: string, ageMs: number): void => {
      const at = (Date.now() - ageMs) / 1_000
      writeFileSync(join(store.folder, name), '')
      utimesSync(join(store.folder, name), at, at)
    }
    const [old, young] = [120_000, 5_000]
    for (const name of ['.backup.0123456789ab', '.swept.sqlite.0123456789ab', '.swept.sqlite.0123456789ab-wal'])
      draft(name, old)
    const staying = ['.backup.aaaaaaaaaaaa', '.backup.mine', '.other.0123456789ab', '.swept.sqlite.bbbbbbbbbbbb']
    for (const name of staying) draft(name, name.includes('aaaa') ? young : old)
    // In use: its log is written to.
    draft('.swept.sqlite.bbbbbbbbbbbb-wal', young)
    await kept.backUp()
    await kept.restore({ databasePath })
    expect(readdirSync(store.folder).filter((name) => name.startsWith('.'))).toEqual([
      ...staying,
      '.swept.sqlite.bbbbbbbbbbbb-wal',
    ])
  })

  it('has no value in it', async ({ kept, store }) => {
    await store.ok('CreateSecret', { Name: 'marked', SecretString: 'CANARY-0b5c' })
    await kept.backUp()
    const text = readFileSync(kept.backupPath, 'latin1')
    for (const form of ['CANARY-0b5c', Buffer.from('CANARY-0b5c').toString('base64').slice(0, 12)])
      expect(text).not.toContain(form)
  })
})
