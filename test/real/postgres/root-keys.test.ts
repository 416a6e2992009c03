import { readFileSync, writeFileSync } from 'node:fs'
import { systemRandom as random } from '@keyplane/core'
import { environmentRootKey, passphraseRootKey } from '@keyplane/sealing'
import { rekeyStore, rootKeySourceOf, type StoreDatabase, verifyStore } from '@keyplane/store'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bareEnvironment, type Finished, keyplane } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchServer } from './scratch-server.ts'
import { ask, lost, SharedStores } from './shared-store.ts'

let server: ScratchServer
let stores: SharedStores
let database: StoreDatabase
let made = 0

beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())
beforeEach(async () => {
  const databaseUrl = await server.createDatabase(`root_keys_${(made += 1)}`)
  database = { databaseUrl }
  stores = new SharedStores(databaseUrl)
})
afterEach(() => stores.remove())

const keyplaneOf = (number: number, ...args: readonly string[]): Promise<Finished> => {
  const data = stores.folder.at(`store-${number}`)
  return keyplane([...args, '--data', data, '--database-url-file', `${data}/url`], {
    cwd: stores.folder.path,
    env: bareEnvironment(stores.folder.path),
  }).finished
}

describe('the root key of stores on one PostgreSQL', () => {
  it('is changed under both while they write; the other one takes the new file over', async () => {
    expect(await rootKeySourceOf(database)).toBeUndefined()
    await stores.start(2)
    expect(await rootKeySourceOf(database)).toEqual({ source: 'file', descriptor: '', name: 'file' })
    const [one, other] = stores.stores as [(typeof stores.stores)[0], (typeof stores.stores)[0]]
    const all = [await ask(one.client, 'kept', 'create')]
    const next = stores.folder.at('store-2', 'root.key.next')
    writeFileSync(stores.folder.at('store-1', 'root.key.next'), random.bytes(32), { mode: 0o600 })
    writeFileSync(next, readFileSync(stores.folder.at('store-1', 'root.key.next')), { mode: 0o600 })
    const writing = Promise.all(Array.from({ length: 40 }, (_, n) => ask(stores.stores[n % 2]!.client, 'kept')))
    expect(await keyplaneOf(1, 'store', 'rekey')).toMatchObject({ code: 0 })
    all.push(...(await writing))
    expect(all.flatMap(({ refusal }) => refusal ?? [])).toEqual([])
    expect(await lost(other.client, all)).toEqual([])
    expect(await keyplaneOf(2, 'store', 'verify')).toMatchObject({ code: 0 })
  })

  it('goes from a file to a passphrase and on, in one transaction, and is refused from the source before', async () => {
    await stores.start(1)
    const { client } = stores.stores[0]!
    const asked = await ask(client, 'kept', 'create')
    expect(asked.refusal).toBeUndefined()
    await stores.end()
    const phrase = passphraseRootKey({
      passphrase: async () => Buffer.from('correct horse battery'),
      random,
      cost: { memoryKib: 64, passes: 1, parallelism: 1 },
    })
    expect(await rekeyStore({ ...database, from: stores.rootKey, to: phrase })).toEqual({ keys: 1 })
    expect(await rootKeySourceOf(database)).toMatchObject({ source: 'passphrase', name: 'passphrase' })
    expect(await verifyStore({ ...database, rootKey: phrase })).toMatchObject({ ok: true, values: { opened: 1 } })
    await expect(verifyStore({ ...database, rootKey: stores.rootKey })).rejects.toMatchObject({
      code: 'source_misconfigured',
    })
    const refused = await keyplaneOf(1, 'store', '--port', '0')
    expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining('comes from `passphrase`') as string })
    const value = Buffer.from(random.bytes(32)).toString('base64')
    const inEnvironment = environmentRootKey({ variable: 'KEY', value, random })
    expect(await rekeyStore({ ...database, from: phrase, to: inEnvironment })).toEqual({ keys: 1 })
    expect(await rekeyStore({ ...database, from: inEnvironment, to: inEnvironment })).toBeUndefined()
    expect(await verifyStore({ ...database, rootKey: inEnvironment })).toMatchObject({ ok: true })
  })
})
