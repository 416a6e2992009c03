import { copyFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom as random } from '@keyplane/core'
import { fileRootKey, nextRootKeySuffix } from '@keyplane/sealing'
import { auditTail, rekeyStore, renewKmsKeys, verifyStore } from '@keyplane/store'
import { describe, expect } from 'vitest'
import { codeOf, it, keyOf } from './kept-stores.ts'
import type { TestStore } from './test-store.ts'

describe('a change of the root key', () => {
  const sealed = (store: TestStore) =>
    store.data.rows('select version_id, sealed_value, wrapped_data_key from secret_versions order by 1')

  it('puts all keys under the new one and no value, while the store runs and makes new keys', async ({
    kept,
    store,
  }) => {
    const before = await sealed(store)
    await kept.nextKey.open()
    expect(await rekeyStore({ ...store.database, from: keyOf(store), to: kept.nextKey })).toEqual({ keys: 1 })
    expect(await sealed(store)).toEqual(before)
    await kept.expectAll(store)
    // Needs a key in a region that has none yet: it must be under the new root key.
    await store.ok('CreateSecret', { Name: 'elsewhere', SecretString: 'v' }, { region: 'eu-central-1' })
    renameSync(`${store.rootKeyPath}${nextRootKeySuffix}`, store.rootKeyPath)
    await store.stop()
    await store.start()
    await kept.expectAll(store)
    const { SecretString } = await store.ok('GetSecretValue', { SecretId: 'elsewhere' }, { region: 'eu-central-1' })
    expect(SecretString).toBe('v')
    expect(await verifyStore({ ...store.database, rootKey: keyOf(store) })).toMatchObject({ ok: true })
  })

  it('that was cut off leaves a store that opens, before it and after it', async ({ kept, store }) => {
    await kept.nextKey.open()
    await store.stop()
    await store.start()
    await kept.expectAll(store)
    await rekeyStore({ ...store.database, from: keyOf(store), to: kept.nextKey })
    await store.stop()
    await store.start()
    await kept.expectAll(store)
    await store.stop()
    // The old one alone no longer opens it, the new one alone does.
    const old = join(store.folder, 'old.key')
    copyFileSync(store.rootKeyPath, old)
    expect(await codeOf(store.start({ rootKey: fileRootKey({ path: old, random }) }))).toBe(
      'source_misconfigured/wrong_root_key',
    )
    renameSync(`${store.rootKeyPath}${nextRootKeySuffix}`, store.rootKeyPath)
    await store.start()
    await kept.expectAll(store)
  })

  it('that a store cannot follow makes it say that it is not ready, until it has the new key', async ({ store }) => {
    const ready = async () => {
      await store.clock.advance(5_000)
      return (await fetch(`${store.running?.url}/readyz`)).status
    }
    const [elsewhere, next] = [join(store.folder, 'elsewhere'), `${store.rootKeyPath}${nextRootKeySuffix}`]
    const to = fileRootKey({ path: elsewhere, random })
    await rekeyStore({ ...store.database, from: keyOf(store), to })
    await store.refused('CreateSecret', { Name: 'new', SecretString: 'v' }, { region: 'eu-north-1' })
    expect(store.problems).toContainEqual(
      expect.objectContaining({
        message: 'The root key was changed by another process; put the new one in the data folder as root.key.next.',
      }),
    )
    expect(await ready()).toBe(503)
    copyFileSync(elsewhere, next)
    expect(await ready()).toBe(200)
    await store.ok('CreateSecret', { Name: 'new', SecretString: 'v' }, { region: 'eu-north-1' })
  })

  it('from a wrong key is refused and changes nothing', async ({ kept, store, target }) => {
    await keyOf(target).open()
    expect(await codeOf(rekeyStore({ ...store.database, from: keyOf(target), to: kept.nextKey }))).toBe(
      'source_misconfigured/wrong_root_key',
    )
    await store.stop()
    await store.start()
    await kept.expectAll(store)
  })
})

describe('new materials for KMS keys', () => {
  it('take over every data key in batches while the store writes, and touch no value', async ({ kept, store }) => {
    for (let index = 0; index < 150; index += 1)
      await store.ok('PutSecretValue', { SecretId: 'kept/2', SecretString: `many ${index}` })
    kept.values.set('kept/2', 'many 149')
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
    kept.values.set('kept/3', (await store.ok('GetSecretValue', { SecretId: 'kept/3' })).SecretString)
    await store.stop()
    await store.start()
    await kept.expectAll(store)
    await store.ok('PutSecretValue', { SecretId: 'kept/4', SecretString: 'under the new one' })
    const used = await store.data.rows('select distinct kms_material from secret_versions order by 1')
    expect(used.at(-1)).toEqual({ kms_material: 2 })
    expect(await verifyStore({ ...store.database, rootKey: keyOf(store) })).toMatchObject({ ok: true })
    const records = await auditTail({ ...store.database, limit: 1_000 })
    expect(records.filter(({ record }) => record.action === 'keyplane:RenewKmsKey')).toHaveLength(1)
  })
})
