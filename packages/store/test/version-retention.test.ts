import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestStore, tokenOf } from './test-store.ts'
import { versionCalls } from './version-calls.ts'
const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newSecret, put, valueOf } = versionCalls(store)

describe('versions without a label', () => {
  it('are kept while they are young, then the newest 100 of them', async () => {
    const name = await newSecret('0')
    for (let index = 0; index < 120; index += 1) await put(name, `old${index}`, 'x')
    expect(await valueOf(name, { VersionId: tokenOf('v1') })).toBe('0')
    await store.clock.advance(86_400_001)
    await put(name, 'new', 'x')
    expect(await store.refused('GetSecretValue', { SecretId: name, VersionId: tokenOf('v1') })).toMatch(/VersionId/)
    expect(await store.refused('GetSecretValue', { SecretId: name, VersionId: tokenOf('old10') })).toMatch(/VersionId/)
    await valueOf(name, { VersionId: tokenOf('old25') })
    await valueOf(name, { VersionId: tokenOf('old118') })
  })
})
