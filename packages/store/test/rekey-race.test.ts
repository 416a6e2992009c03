import { renameSync } from 'node:fs'
import { nextRootKeySuffix, type RootKeySource } from '@keyplane/sealing'
import { rekeyStore, verifyStore } from '@keyplane/store'
import { describe, expect } from 'vitest'
import { it, type KeptStores, keyOf } from './kept-stores.ts'
import type { Answer, Body, TestStore } from './test-store.ts'

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
  /** Changes it while a call is making a key, after that was wrapped and before it is stored; gives what was answered. */
  const changedWhile = async ({ store, nextKey }: KeptStores, call: () => Promise<Answer>): Promise<Answer> => {
    await store.stop()
    const [wrapping, rekeyed] = [signal(), signal()]
    await store.start({
      rootKey: slowToWrap(keyOf(store), async () => {
        wrapping.give()
        await rekeyed.given
      }),
    })
    const making = call()
    await wrapping.given
    await nextKey.open()
    await rekeyStore({ ...store.database, from: keyOf(store), to: nextKey })
    rekeyed.give()
    const answer = await making
    await store.stop()
    renameSync(`${store.rootKeyPath}${nextRootKeySuffix}`, store.rootKeyPath)
    await store.start()
    return answer
  }
  const isWhole = async (store: TestStore) => (await verifyStore({ ...store.database, rootKey: keyOf(store) })).ok

  it('lets no default key in that was put under the old one at that moment: it is made under the new one', async ({
    kept,
    store,
  }) => {
    const elsewhere = { region: 'eu-central-1' }
    // Its region has no key yet.
    const input = { Name: 'elsewhere', SecretString: 'v' }
    const { status } = await changedWhile(kept, () => store.call('CreateSecret', input, elsewhere))
    expect(status).toBe(200)
    expect((await store.ok('GetSecretValue', { SecretId: 'elsewhere' }, elsewhere)).SecretString).toBe('v')
    expect(await isWhole(store)).toBe(true)
  })

  it('nor a key that a caller makes', async ({ kept, store }) => {
    const kms = (operation: string, input: Body) =>
      store.call(operation, input, { service: 'kms', headers: { 'x-amz-target': `TrentService.${operation}` } })
    const { status, body } = await changedWhile(kept, () => kms('CreateKey', {}))
    const { KeyId = '' } = body['KeyMetadata'] as { KeyId?: string }
    const encrypted = await kms('Encrypt', { KeyId, Plaintext: 'djE=' })
    expect([status, encrypted.status]).toEqual([200, 200])
    expect(await isWhole(store)).toBe(true)
  })
})
