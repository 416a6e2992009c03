import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { verifyStore } from '@keyplane/store'
import { afterAll, describe, expect, it } from 'vitest'
import { TestStore } from './test-store.ts'

const store = new TestStore()
afterAll(() => store.remove())

const program = fileURLToPath(new URL('./start-once.ts', import.meta.url))
const startOnce = (name: string) =>
  promisify(execFile)(process.execPath, [
    '-C',
    'source',
    '--disable-warning=ExperimentalWarning',
    program,
    store.folder,
    name,
  ])

describe('stores that start on one empty database at once', () => {
  it('make one store with one key, and lose nothing of each other', { timeout: 60_000 }, async () => {
    await store.data.make()
    const names = ['a', 'b', 'c', 'd']
    await Promise.all(names.map(startOnce))
    expect(await store.data.rows('select id from store')).toHaveLength(1)
    expect(await store.data.rows('select key_id from kms_keys')).toHaveLength(1)
    await store.start()
    for (const name of names)
      expect((await store.ok('GetSecretValue', { SecretId: `by/${name}` })).SecretString).toBe(`of ${name}`)
    const rootKey = fileRootKey({ path: store.rootKeyPath, random: systemRandom })
    expect(await verifyStore({ ...store.database, rootKey })).toMatchObject({ ok: true, values: { opened: 5 } })
  })
})
