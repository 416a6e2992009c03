import { describe, expect, it } from 'vitest'
import type { VersionRow } from '../../storage/tables.ts'
import { VersionCache } from './version-cache.ts'

const version = (sealedBytes: number): VersionRow => ({
  secret_id: 'one',
  version_id: 'v',
  ordinal: 1,
  created_at_ms: 0,
  accessed_at_ms: 0,
  kind: 'text',
  sealed_value: new Uint8Array(sealedBytes),
  wrapped_data_key: new Uint8Array(61),
  kms_key_id: 'key',
  kms_material: 1,
})

const cacheOver = (sealedBytes = 10) => {
  const looked: string[] = []
  const cache = new VersionCache({
    byLabel: async (id, label) => {
      looked.push(`${id}/${label}`)
      return id === 'none' ? undefined : { version: version(sealedBytes), labels: [label] }
    },
  })
  return { cache, looked }
}

describe('a cache of labelled versions', () => {
  it('looks once while the secret stays as it was', async () => {
    const { cache, looked } = cacheOver()
    const first = await cache.byLabel({ id: 'one', revision: 1 }, 'AWSCURRENT')
    expect(await cache.byLabel({ id: 'one', revision: 1 }, 'AWSCURRENT')).toBe(first)
    expect(looked).toEqual(['one/AWSCURRENT'])
  })

  it('looks again after any change of the secret, and for each label', async () => {
    const { cache, looked } = cacheOver()
    await cache.byLabel({ id: 'one', revision: 1 }, 'AWSCURRENT')
    await cache.byLabel({ id: 'one', revision: 2 }, 'AWSCURRENT')
    await cache.byLabel({ id: 'one', revision: 2 }, 'AWSPREVIOUS')
    expect(looked).toEqual(['one/AWSCURRENT', 'one/AWSCURRENT', 'one/AWSPREVIOUS'])
  })

  it('keeps no absence', async () => {
    const { cache, looked } = cacheOver()
    for (let read = 0; read < 2; read += 1)
      expect(await cache.byLabel({ id: 'none', revision: 1 }, 'AWSCURRENT')).toBeUndefined()
    expect(looked).toHaveLength(2)
  })

  it('looks again for what it was told to forget', async () => {
    const { cache, looked } = cacheOver()
    await cache.byLabel({ id: 'one', revision: 1 }, 'AWSCURRENT')
    cache.forget({ id: 'one' }, ['AWSCURRENT'])
    await cache.byLabel({ id: 'one', revision: 1 }, 'AWSCURRENT')
    expect(looked).toHaveLength(2)
  })

  it('holds 16 MB and lets go of the oldest', async () => {
    const { cache, looked } = cacheOver(4_000_000)
    for (const id of ['a', 'b', 'c', 'd', 'e']) await cache.byLabel({ id, revision: 1 }, 'AWSCURRENT')
    await cache.byLabel({ id: 'e', revision: 1 }, 'AWSCURRENT')
    await cache.byLabel({ id: 'b', revision: 1 }, 'AWSCURRENT')
    expect(looked).toHaveLength(5)
    await cache.byLabel({ id: 'a', revision: 1 }, 'AWSCURRENT')
    expect(looked).toHaveLength(6)
  })
})
