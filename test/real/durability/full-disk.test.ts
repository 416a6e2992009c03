import { join } from 'node:path'
import { verifyStore } from '@keyplane/store'
import { afterEach, describe, expect, it } from 'vitest'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { ask, type Asked, lost, SharedStores } from '../postgres/shared-store.ts'
import { isRoot, SmallDisk } from './small-disk.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Writes until the disk is full, empties it, and writes until that works again; gives all that was asked for. */
const fillAndEmpty = async (stores: SharedStores, disk: SmallDisk, mend: () => Promise<void>) => {
  const { client } = stores.stores[0]!
  const all: Asked[] = [await ask(client, 'full', 'create')]
  for (let count = 0; count < 10; count += 1) all.push(await ask(client, 'full'))
  expect(all.flatMap(({ refusal }) => refusal ?? [])).toEqual([])
  disk.fill()
  const refused: Asked[] = []
  for (let count = 0; count < 400 && refused.length < 20; count += 1) {
    const asked = await ask(client, count % 10 === 9 ? `full/${count}` : 'full', count % 10 === 9 ? 'create' : 'put')
    all.push(asked)
    if (asked.refusal !== undefined) refused.push(asked)
  }
  expect(refused).toHaveLength(20)
  expect(new Set(refused.map(({ refusal }) => refusal))).toEqual(new Set(['503 ServiceUnavailableException']))
  disk.empty()
  await mend()
  let again = await ask(client, 'full')
  for (let look = 0; look < 50 && again.refusal !== undefined; look += 1) {
    await pause(200)
    again = await ask(client, 'full')
  }
  expect(again.refusal).toBeUndefined()
  return [...all, again]
}

describe.runIf(isRoot)('a disk that is full', { timeout: 120_000 }, () => {
  it('refuses calls of a store on SQLite with 503, loses nothing, and is forgotten when there is room', async () => {
    const disk = new SmallDisk(6)
    closing.push(() => disk.remove())
    const databasePath = join(disk.path, 'store.sqlite')
    const stores = new SharedStores(undefined, disk.path)
    closing.push(() => stores.remove())
    await stores.start(1)
    const all = await fillAndEmpty(stores, disk, async () => undefined)
    expect(await lost(stores.stores[0]!.client, all)).toEqual([])
    const { rootKey } = stores
    const path = stores.databasePath ?? databasePath
    expect(await verifyStore({ databasePath: path, rootKey })).toMatchObject({ ok: true })
  })

  it('does the same to stores on a PostgreSQL whose disk it is', async () => {
    const disk = new SmallDisk(160)
    closing.push(() => disk.remove())
    const settings = ['max_wal_size=48MB', 'min_wal_size=32MB', 'checkpoint_timeout=30s']
    const server = await ScratchServer.start({ parent: disk.path, settings })
    closing.push(() => server.stop())
    const stores = new SharedStores(await server.createDatabase('full'))
    closing.push(() => stores.remove())
    await stores.start(1)
    const all = await fillAndEmpty(stores, disk, async () => {
      // A server that cannot even write its log ends by itself.
      if (!server.isRunning) await server.launch()
    })
    expect(await lost(stores.stores[0]!.client, all)).toEqual([])
    expect(await verifyStore({ databaseUrl: server.url('full'), rootKey: stores.rootKey })).toMatchObject({ ok: true })
  })
})
