import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom as random } from '@keyplane/core'
import { fileRootKey, nextRootKeySuffix, type RootKeySource } from '@keyplane/sealing'
import { backUpStore, restoreStore, type StoreDatabase } from '@keyplane/store'
import { expect, test, type TestAPI } from 'vitest'
import { TestStore, tokenOf } from './test-store.ts'

export const keyOf = (of: TestStore): RootKeySource => fileRootKey({ path: of.rootKeyPath, random })

/** What an act failed with; `done` where it did not. */
export const codeOf = async (act: Promise<unknown>): Promise<string> => {
  try {
    await act
    return 'done'
  } catch (error) {
    const { code: found, reason } = error as { code?: string; reason?: string }
    return `${found}/${reason}`
  }
}

/** A store that runs and has secrets, and a place for another that is made of its backup. */
export class KeptStores {
  readonly store: TestStore = new TestStore()
  readonly target: TestStore = new TestStore()
  /** What its secrets are at this moment, but for `kept/1`, which is binary. */
  readonly values = new Map<string, string>()

  async start(): Promise<this> {
    const { store, values } = this
    await store.start()
    for (let index = 0; index < 12; index += 1) {
      const [Name, SecretString] = [`kept/${index}`, `value ${index} \u2028 ✓ "\\`]
      await store.ok('CreateSecret', { Name, SecretString, Tags: [{ Key: 'team', Value: 'a' }], Description: '\u2029' })
      values.set(Name, SecretString)
    }
    const SecretBinary = Buffer.from([0, 255, 10]).toString('base64')
    await store.ok('PutSecretValue', { SecretId: 'kept/1', SecretBinary })
    const second = { SecretString: 'second', ClientRequestToken: tokenOf('second') }
    await store.ok('PutSecretValue', { SecretId: 'kept/0', ...second })
    values.set('kept/0', 'second')
    return this
  }

  get backupPath(): string {
    return join(this.store.folder, 'backup')
  }

  /** A root key that lies beside the store's, as while it is changed. */
  get nextKey(): RootKeySource {
    return fileRootKey({ path: `${this.store.rootKeyPath}${nextRootKeySuffix}`, random })
  }

  backUp(path: string = this.backupPath, replace = false): ReturnType<typeof backUpStore> {
    const { database, clock } = this.store
    return backUpStore({ ...database, path, replace, clock, random })
  }

  async restore(
    database: StoreDatabase = this.target.database,
    path: string = this.backupPath,
  ): ReturnType<typeof restoreStore> {
    await this.target.data.make()
    copyFileSync(this.store.rootKeyPath, this.target.rootKeyPath)
    return restoreStore({ ...database, path, rootKey: keyOf(this.target), random })
  }

  async expectAll(of: TestStore): Promise<void> {
    for (const [SecretId, value] of this.values)
      if (SecretId !== 'kept/1') expect((await of.ok('GetSecretValue', { SecretId })).SecretString).toBe(value)
    const { SecretBinary } = await of.ok('GetSecretValue', { SecretId: 'kept/1' })
    expect([...Buffer.from(SecretBinary, 'base64')]).toEqual([0, 255, 10])
  }

  async remove(): Promise<void> {
    await this.store.remove()
    await this.target.remove()
  }
}

/** What each test has of its own. */
export interface KeptTest {
  readonly kept: KeptStores
  readonly store: TestStore
  readonly target: TestStore
}

/** A test of stores that are kept; they are removed after it. */
export const it: TestAPI<KeptTest> = test.extend<KeptTest>({
  // The names of what a fixture needs are read off its first parameter.
  kept: async ({ task: _task }, use) => {
    const kept = await new KeptStores().start()
    await use(kept)
    await kept.remove()
  },
  store: ({ kept }, use) => use(kept.store),
  target: ({ kept }, use) => use(kept.target),
})
