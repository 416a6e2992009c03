import { chmodSync, copyFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { verifyAudit } from '@keyplane/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { damagePages } from './damage-pages.ts'
import { engine } from './test-database.ts'
import { TestStore, tokenOf } from './test-store.ts'

let store: TestStore
beforeEach(async () => {
  store = await new TestStore().start()
  await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
})
afterEach(() => store.remove())

const valueOf = async (SecretId: string) => (await store.ok('GetSecretValue', { SecretId }))['SecretString']
const edit = async (...statements: string[]): Promise<void> => {
  for (const statement of statements) await store.data.rows(statement)
}

describe('a store', () => {
  it('has everything again after it was closed and started', async () => {
    await store.ok('PutSecretValue', { SecretId: 'one', SecretString: 'second' })
    await store.stop()
    await store.start()
    expect(await valueOf('one')).toBe('second')
    expect(await store.running?.countSecrets()).toBe(1)
    const [chain] = await verifyAudit({ ...store.database })
    expect(chain?.verdict).toMatchObject({ ok: true })
  })

  it('answers what is under way before it closes', async () => {
    const calls = Array.from({ length: 20 }, (_, index) =>
      store.call('CreateSecret', { Name: `n${index}`, SecretString: 'v' }),
    )
    await store.ok('GetSecretValue', { SecretId: 'one' })
    await store.stop()
    const answered = (await Promise.allSettled(calls)).filter((call) => call.status === 'fulfilled')
    await store.start()
    for (const { value } of answered) if (value.status === 200) await valueOf(value.body['Name'])
    expect(answered.length).toBeGreaterThan(0)
  })

  it('loses no write when two stores share one database, nor a record of one', async () => {
    const second = await new TestStore(store.folder).start()
    const tokens = Array.from({ length: 30 }, (_, index) => tokenOf(`t${index}`))
    const put = (token: string, index: number) =>
      (index % 2 === 0 ? store : second).ok('PutSecretValue', {
        SecretId: 'one',
        SecretString: token,
        ClientRequestToken: token,
      })
    await Promise.all(tokens.map(put))
    for (const VersionId of tokens)
      expect(await store.ok('GetSecretValue', { SecretId: 'one', VersionId })).toMatchObject({
        SecretString: VersionId,
      })
    await second.stop()
    const chains = await verifyAudit({ ...store.database })
    expect(chains.map(({ verdict }) => verdict.ok)).toEqual(engine === 'sqlite' ? [true] : [true, true])
  })

  it.runIf(engine === 'sqlite')('keeps its files to their owner', () => {
    for (const file of ['store.db', 'store.db-wal', 'root.key'])
      expect((statSync(join(store.folder, file)).mode & 0o777).toString(8)).toBe('600')
  })

  it('refuses another root key, a lost one and an open one, and changes nothing', async () => {
    await store.stop()
    const contents = async () =>
      engine === 'sqlite' ? readFileSync(store.databasePath).toString('hex') : store.data.rows('select * from store')
    const before = await contents()
    const other = join(store.folder, 'other.key')
    writeFileSync(other, systemRandom.bytes(32), { mode: 0o600 })
    await expect(store.start({ rootKey: fileRootKey({ path: other, random: systemRandom }) })).rejects.toMatchObject({
      code: 'source_misconfigured',
      reason: 'wrong_root_key',
    })
    chmodSync(store.rootKeyPath, 0o644)
    await expect(store.start()).rejects.toMatchObject({ code: 'source_misconfigured' })
    copyFileSync(store.rootKeyPath, other)
    rmSync(store.rootKeyPath)
    await expect(store.start()).rejects.toMatchObject({ code: 'source_misconfigured', message: /is not there/ })
    expect(await contents()).toEqual(before)
    copyFileSync(other, store.rootKeyPath)
    chmodSync(store.rootKeyPath, 0o600)
    await store.start()
    expect(await valueOf('one')).toBe('first')
  })

  it('refuses a database of a newer version', async () => {
    await store.stop()
    await edit("insert into kysely_migration values ('0099-later', '2030-01-01')")
    await expect(store.start()).rejects.toMatchObject({ code: 'unsupported', reason: 'newer_schema' })
  })

  it('does not answer with a value that was altered or moved', async () => {
    await store.ok('CreateSecret', { Name: 'two', SecretString: 'other' })
    await edit(
      `update secret_versions set (sealed_value, wrapped_data_key) = (select sealed_value, wrapped_data_key from secret_versions
       where secret_id = (select id from secrets where name = 'two')) where secret_id = (select id from secrets where name = 'one')`,
    )
    expect(await store.refused('GetSecretValue', { SecretId: 'one' })).toBe(
      "DecryptionFailure: Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
    )
    expect(store.problems).toMatchObject([{ code: 'integrity' }])
    expect(await valueOf('two')).toBe('other')
  })

  it.runIf(engine === 'sqlite')('calls damaged pages damage of its own, not a value that does not open', async () => {
    for (let index = 0; index < 30; index += 1)
      await store.ok('CreateSecret', { Name: `many/${index}`, SecretString: 'x'.repeat(5_000) })
    await store.stop()
    await store.start()
    await valueOf('one')
    damagePages(store.databasePath)
    for (const [operation, input] of [
      ['GetSecretValue', { SecretId: 'many/20' }],
      ['DescribeSecret', { SecretId: 'many/20' }],
      ['CreateSecret', { Name: 'new', SecretString: 'v' }],
      ['ListSecrets', {}],
    ] as const) {
      const { status, body } = await store.call(operation, input)
      expect([status, body['__type'], body['Message']]).toEqual([
        500,
        'InternalServiceError',
        "The store's database is damaged; it has to be restored from a backup.",
      ])
    }
    expect((await fetch(`${store.running?.url}/readyz`)).status).toBe(503)
  })

  it('says that it is not ready while calls fail, and that it is when they do not', async () => {
    const ready = async () => (await fetch(`${store.running?.url}/readyz`)).status
    expect(await ready()).toBe(200)
    await store.data.fillUp('audit_records', 'insert')
    await store.call('GetSecretValue', { SecretId: 'one' })
    expect(await ready()).toBe(503)
    await store.data.makeRoom('audit_records')
    await store.clock.advance(5_000)
    expect(await ready()).toBe(200)
  })

  it('says that it is not ready when it cannot write, though nobody has called', async () => {
    const ready = async () => (await fetch(`${store.running?.url}/readyz`)).status
    await store.data.fillUp('store', 'update')
    expect(await ready()).toBe(503)
    await store.data.makeRoom('store')
    await store.ok('GetSecretValue', { SecretId: 'one' })
    expect(await ready()).toBe(503)
    await store.clock.advance(5_000)
    expect(await ready()).toBe(200)
  })

  it.runIf(engine === 'sqlite')(
    'says that it is not ready once its file is gone, or another one lies there',
    async () => {
      const ready = async () => {
        await store.clock.advance(5_000)
        return (await fetch(`${store.running?.url}/readyz`)).status
      }
      const aside = `${store.databasePath}-aside`
      renameSync(store.databasePath, aside)
      expect(await ready()).toBe(503)
      copyFileSync(aside, store.databasePath)
      expect(await ready()).toBe(503)
      renameSync(aside, store.databasePath)
      expect(await ready()).toBe(200)
    },
  )

  it('answers nothing that it cannot record', async () => {
    await store.data.fillUp('audit_records', 'insert')
    const { status, text } = await store.call('GetSecretValue', { SecretId: 'one' })
    expect([status >= 500, text.includes('first')]).toEqual([true, false])
    expect(
      (await store.call('PutSecretValue', { SecretId: 'one', SecretString: 'lost' })).status,
    ).toBeGreaterThanOrEqual(500)
    await store.data.makeRoom('audit_records')
    expect(await valueOf('one')).toBe('first')
  })

  it('shows an edited, a deleted and a cut audit log', async () => {
    await valueOf('one')
    await valueOf('one')
    const problem = async () => {
      const [chain] = await verifyAudit({ ...store.database })
      return !chain || chain.verdict.ok ? 'none' : chain.verdict.problem
    }
    expect(await problem()).toBe('none')
    await edit("update audit_records set actor = 'nobody' where seq = 2")
    expect(await problem()).toBe('records_altered')
    await edit('delete from audit_records where seq = 2')
    expect(await problem()).toBe('record_missing')
    await edit('delete from audit_records', 'delete from audit_links')
    expect(await problem()).toBe('end_missing')
  })
})
