import { existsSync, writeFileSync } from 'node:fs'
import { systemRandom as random } from '@keyplane/core'
import { auditTail, backUpStore, verifyAudit, verifyStore } from '@keyplane/store'
import { describe, expect } from 'vitest'
import { codeOf, it, keyOf } from './kept-stores.ts'
import { engine } from './test-database.ts'
import { tokenOf } from './test-store.ts'

describe('verify', () => {
  it('names each value that does not open, and tells of a broken log', async ({ store }) => {
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

  it('names each KMS key that does not open, also one that no value is under', async ({ store }) => {
    const kms = { service: 'kms', headers: { 'x-amz-target': 'TrentService.CreateKey' } }
    const { Arn = '', KeyId = '' } = (await store.ok('CreateKey', {}, kms))['KeyMetadata'] as Record<string, string>
    const other = `select wrapped from kms_key_materials where key_id <> '${KeyId}'`
    await store.data.rows(`update kms_key_materials set wrapped = (${other}) where key_id = '${KeyId}'`)
    const { ok, damage, values } = await verifyStore({ ...store.database, rootKey: keyOf(store) })
    expect([ok, values.opened]).toEqual([false, 14])
    expect(damage).toEqual([`material 1 of the KMS key ${Arn} does not open`])
  })

  it('counts all values that do not open, and names the first hundred', async ({ store }) => {
    for (let index = 0; index < 100; index += 1)
      await store.ok('PutSecretValue', { SecretId: 'kept/2', SecretString: `many ${index}` })
    await store.data.rows('update secret_versions set sealed_value = wrapped_data_key where sealed_value is not null')
    const { values: found } = await verifyStore({ ...store.database, rootKey: keyOf(store) })
    expect([found.opened, found.broken.length, found.brokenCount]).toEqual([0, 100, 114])
  })

  it('wants the right root key', async ({ store, target }) => {
    await keyOf(target).open()
    expect(await codeOf(verifyStore({ ...store.database, rootKey: keyOf(target) }))).toBe(
      'source_misconfigured/wrong_root_key',
    )
  })
})

describe('a database without a store', () => {
  it('is told as such by whoever looks for one', async ({ kept, store, target }) => {
    await target.data.make()
    if (engine === 'sqlite') writeFileSync(target.databasePath, '')
    const backup = { ...target.database, path: kept.backupPath, clock: store.clock, random }
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
    expect(existsSync(kept.backupPath)).toBe(false)
  })
})
