import { renameSync } from 'node:fs'
import { nextRootKeySuffix, type RootKeySource } from '@keyplane/sealing'
import { rekeyStore, verifyStore } from '@keyplane/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeptStores, keyOf } from './kept-stores.ts'
import type { TestStore } from './test-store.ts'

let kept: KeptStores
let store: TestStore
beforeEach(async () => {
  kept = await new KeptStores().start()
  ;({ store } = kept)
})
afterEach(() => kept.remove())

/** A source whose keys have wrapped before they say so. */
const slowToWrap = (source: RootKeySource, wrapped: () => Promise<void>): RootKeySource => ({
  name: source.name,
  open: async (descriptor) => {
    const rootKey = await source.open(descriptor)
    return {
      descriptor: rootKey.descriptor,
      wrap: async (...call) => {
        const made = await rootKey.wrap(...call)
        await wrapped()
        return made
      },
      unwrap: (...call) => rootKey.unwrap(...call),
    }
  },
})

const signal = () => {
  let give = (): void => undefined
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give: () => give() }
}

describe('a change of the root key', () => {
  it('lets no key in that was put under the old one at that moment', async () => {
    await store.stop()
    const [wrapping, rekeyed] = [signal(), signal()]
    await store.start({
      rootKey: slowToWrap(keyOf(store), async () => {
        wrapping.give()
        await rekeyed.given
      }),
    })
    const elsewhere = { region: 'eu-central-1' }
    // Its region has no key yet.
    const making = store.call('CreateSecret', { Name: 'elsewhere', SecretString: 'v' }, elsewhere)
    await wrapping.given
    await kept.nextKey.open()
    await rekeyStore({ ...store.database, from: keyOf(store), to: kept.nextKey })
    rekeyed.give()
    expect((await making).status).toBe(500)
    await store.ok('CreateSecret', { Name: 'elsewhere', SecretString: 'v' }, elsewhere)
    await store.stop()
    renameSync(`${store.rootKeyPath}${nextRootKeySuffix}`, store.rootKeyPath)
    await store.start()
    expect((await store.ok('GetSecretValue', { SecretId: 'elsewhere' }, elsewhere)).SecretString).toBe('v')
    expect(await verifyStore({ ...store.database, rootKey: keyOf(store) })).toMatchObject({ ok: true })
  })
})
