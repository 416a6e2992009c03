import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type StoreVerdict, verifyStore } from '@keyplane/store'
import { afterEach, describe, expect, it } from 'vitest'
import { ScratchServer } from './scratch-server.ts'
import { ask, SharedStores } from './shared-store.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Checked {
  readonly server: ScratchServer
  readonly verify: (url?: string) => Promise<StoreVerdict>
}

/** A server with a store's data in the database `kept`, and nobody who runs on it. */
const checked = async (checksums: boolean): Promise<Checked> => {
  const server = await ScratchServer.start({ checksums })
  closing.push(() => server.stop())
  const stores = new SharedStores(await server.createDatabase('kept'))
  closing.push(() => stores.remove())
  const [store] = await stores.start(1)
  for (const name of ['a', 'b', 'c']) expect((await ask(store!.client, name, 'create')).refusal).toBeUndefined()
  await stores.end()
  const { rootKey } = stores
  return { server, verify: (url = server.url('kept')) => verifyStore({ databaseUrl: url, rootKey }) }
}

/** Changes the end of a relation's page behind the server's back: its first rows. */
const damage = async (server: ScratchServer, relation: string, page = 0): Promise<void> => {
  const [found] = await server.query(`select pg_relation_filepath('${relation}') as path`, 'kept')
  await server.query('checkpoint')
  await server.kill()
  const file = join(server.data, String(found?.['path']))
  expect(statSync(file).size).toBeGreaterThan(page * 8_192)
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(64, 0xa5), 0, 64, (page + 1) * 8_192 - 128)
  closeSync(descriptor)
  await server.launch()
}

describe('verify of a store on PostgreSQL', () => {
  it('reads every row, and says that checksums are off and amcheck is not there', async () => {
    const { verify, server } = await checked(false)
    expect(await verify()).toMatchObject({
      ok: true,
      damage: [],
      values: { opened: 3 },
      checks: [
        expect.stringMatching(/^every row of 1\d tables read$/),
        'no checksums of pages: data_checksums is off on this server, so a changed page may pass',
        'every row refers to one that is there',
        'indexes not checked: the extension amcheck is not installed',
      ],
    })
    // What no constraint lets happen.
    await server.query("set session_replication_role = replica; delete from secrets where name = 'b'", 'kept')
    const { ok, damage: found } = await verify()
    expect([ok, found.includes('a row of secret_versions refers to none of secrets')]).toEqual([false, true])
  })

  it('finds a page whose checksum does not hold, and names its table', async () => {
    const { verify, server } = await checked(true)
    expect((await verify()).checks).toContain('the checksum of each page that was read')
    await damage(server, 'audit_links')
    expect(await verify()).toMatchObject({
      ok: false,
      damage: ['rows of the table audit_links cannot be read'],
      values: { opened: 0 },
    })
  })

  it('compares indexes with their tables where amcheck is there, as far as its user may run that', async () => {
    const { verify, server } = await checked(false)
    await server.query('create extension amcheck', 'kept')
    const { ok, checks } = await verify()
    expect([ok, checks.at(-1)]).toEqual([
      true,
      expect.stringMatching(/^\d+ indexes compared with their tables by amcheck$/),
    ])
    await server.query("create role plain login password 'plain'; grant pg_read_all_data to plain", 'kept')
    const plain = new URL(server.url('kept'))
    ;[plain.username, plain.password] = ['plain', 'plain']
    expect((await verify(plain.href)).checks.at(-1)).toBe(
      'indexes not checked: this user may not run amcheck’s bt_index_check',
    )
    // Behind the page that says where its root is.
    await damage(server, 'version_stages_by_version', 1)
    const verdict = await verify()
    expect([verdict.ok, verdict.damage]).toEqual([
      false,
      ['the index version_stages_by_version does not fit its table'],
    ])
  })
})
