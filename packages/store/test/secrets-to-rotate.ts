import type { TestStore } from './test-store.ts'

/** Starts a store with two secrets: `rotate/one`, and `rotate/going`, which waits for its deletion. */
export const startWithSecretsToRotate = async (store: TestStore): Promise<void> => {
  await store.start()
  await store.ok('CreateSecret', { Name: 'rotate/one', SecretString: 'v' })
  await store.ok('CreateSecret', { Name: 'rotate/going' })
  await store.ok('DeleteSecret', { SecretId: 'rotate/going' })
}
