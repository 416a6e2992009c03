import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { notFound } from './known-refusals.ts'
import { TestStore } from './test-store.ts'
const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

describe('RestoreSecret', () => {
  describe('parameters', () => {
    it('leaves a live secret as it is when it is restored', async () => {
      await store.ok('CreateSecret', { Name: 'delete/live' })
      await store.ok('RestoreSecret', { SecretId: 'delete/live' })
      expect(await store.refused('RestoreSecret', { SecretId: 'delete/nowhere' })).toBe(notFound)
    })

    it('takes the deletion date away and gives everything back', async () => {
      await store.ok('CreateSecret', { Name: 'restore/one', SecretString: 'v', Description: 'd' })
      const before = await store.ok('DescribeSecret', { SecretId: 'restore/one' })
      await store.ok('DeleteSecret', { SecretId: 'restore/one', RecoveryWindowInDays: 7 })
      const { ARN } = before
      expect(await store.ok('RestoreSecret', { SecretId: ARN })).toEqual({ ARN, Name: 'restore/one' })
      expect(await store.ok('DescribeSecret', { SecretId: 'restore/one' })).toEqual(before)
    })
  })

  describe('errors', () => {
    it('come from a secret that is not there', async () => {
      expect(await store.refused('RestoreSecret', { SecretId: 'restore/nowhere' })).toBe(notFound)
      expect(await store.refused('RestoreSecret', {})).toMatch(/Value null at 'secretId'/)
    })
  })
})
