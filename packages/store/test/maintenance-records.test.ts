import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { systemRandom as random } from '@keyplane/core'
import {
  auditTail,
  backUpStore,
  proveRootKey,
  rekeyStore,
  type StoreDatabase,
  verifyAudit,
  verifyStore,
} from '@keyplane/store'
import { describe, expect } from 'vitest'
import { codeOf, it, keyOf } from './kept-stores.ts'

describe('what an operator does', () => {
  const actions = async (of: StoreDatabase): Promise<readonly string[]> =>
    (await auditTail({ ...of, limit: 1_000 }))
      .filter(({ record }) => record.actor === `keyplane:operator/${userInfo().username}`)
      .map(({ record }) => record.action.replace('keyplane:', ''))

  it('stands in the audit log while the store runs, and in the log that a restored one goes on with', async ({
    kept,
    store,
    target,
  }) => {
    await backUpStore({
      ...store.database,
      path: kept.backupPath,
      rootKey: keyOf(store),
      clock: store.clock,
      random,
      onUnrecorded: (why) => expect(why).toBeUndefined(),
    })
    const next = kept.nextKey
    await next.open()
    await rekeyStore({ ...store.database, from: keyOf(store), to: next, clock: store.clock, random })
    await store.ok('PutSecretValue', { SecretId: 'kept/0', SecretString: 'goes on' })
    await store.stop()
    expect(await actions(store.database)).toEqual(['BackUpStore', 'RekeyStore'])
    expect(await verifyAudit({ ...store.database, rootKey: next })).toMatchObject([{ verdict: { ok: true } }])
    await kept.restore()
    expect(await actions(target.database)).toEqual(['BackUpStore', 'RestoreStore'])
    expect(await verifyAudit({ ...target.database, rootKey: keyOf(target) })).toMatchObject([{ verdict: { ok: true } }])
  })

  it('is not done without its record, but for a backup, which says that it has none', async ({
    kept,
    store,
    target,
  }) => {
    await store.data.fillUp('audit_records', 'insert')
    const to = kept.nextKey
    await to.open()
    await expect(rekeyStore({ ...store.database, from: keyOf(store), to })).rejects.toMatchObject({
      name: 'SecretsError',
    })
    await store.data.makeRoom('audit_records')
    expect(await verifyStore({ ...store.database, rootKey: keyOf(store) })).toMatchObject({ ok: true })
    expect(await codeOf(proveRootKey(store.database, to))).toBe('source_misconfigured/wrong_root_key')
    const unrecorded: unknown[] = []
    const parts = {
      path: kept.backupPath,
      clock: store.clock,
      random,
      onUnrecorded: (why: unknown) => unrecorded.push(why),
    }
    await keyOf(target).open()
    await backUpStore({ ...store.database, ...parts, rootKey: keyOf(target) })
    expect(unrecorded).toMatchObject([{ reason: 'wrong_root_key' }])
    expect([existsSync(kept.backupPath), await actions(store.database)]).toEqual([true, []])
  })
})
