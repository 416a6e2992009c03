import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { notFound } from './known-refusals.ts'
import { TestStore, tokenOf } from './test-store.ts'
const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

describe('DescribeSecret', () => {
  describe('parameters', () => {
    it('gives the members that have a value, and no others', async () => {
      const { ARN } = await store.ok('CreateSecret', { Name: 'describe/bare' })
      const at = store.clock.nowMs() / 1000
      const bare = { ARN, Name: 'describe/bare', CreatedDate: at, LastChangedDate: at }
      expect(await store.ok('DescribeSecret', { SecretId: 'describe/bare' })).toEqual(bare)
      await store.ok('UpdateSecret', { SecretId: 'describe/bare', Description: '' })
      expect(await store.ok('DescribeSecret', { SecretId: ARN })).toEqual(bare)
    })

    it('gives dates in seconds with milliseconds, the last access cut to its day', async () => {
      await store.clock.advance(123)
      await store.ok('CreateSecret', { Name: 'describe/dates', SecretString: 'v' })
      const createdMs = store.clock.nowMs()
      await store.clock.advance(1_001)
      await store.ok('GetSecretValue', { SecretId: 'describe/dates' })
      const { CreatedDate, LastChangedDate, LastAccessedDate } = await store.ok('DescribeSecret', {
        SecretId: 'describe/dates',
      })
      expect([CreatedDate, LastChangedDate]).toEqual([createdMs / 1000, createdMs / 1000])
      expect(LastAccessedDate).toBe(Math.floor(createdMs / 86_400_000) * 86_400)
    })

    it('tells when a secret that waits for its deletion was deleted', async () => {
      await store.ok('CreateSecret', { Name: 'describe/going' })
      await store.ok('DeleteSecret', { SecretId: 'describe/going' })
      const { DeletedDate } = await store.ok('DescribeSecret', { SecretId: 'describe/going' })
      expect(DeletedDate).toBe(store.clock.nowMs() / 1000)
    })
  })

  describe('labels', () => {
    it('names the versions that have one', async () => {
      const SecretId = 'describe/labels'
      for (const version of ['v1', 'v2', 'v3']) {
        const value = { SecretString: version, ClientRequestToken: tokenOf(version) }
        if (version === 'v1') await store.ok('CreateSecret', { Name: SecretId, ...value })
        else await store.ok('PutSecretValue', { SecretId, ...value })
      }
      expect((await store.ok('DescribeSecret', { SecretId })).VersionIdsToStages).toEqual({
        [tokenOf('v2')]: ['AWSPREVIOUS'],
        [tokenOf('v3')]: ['AWSCURRENT'],
      })
    })
  })

  describe('errors', () => {
    it('come from a secret that is not there', async () => {
      expect(await store.refused('DescribeSecret', { SecretId: 'describe/nowhere' })).toBe(notFound)
    })
  })
})
