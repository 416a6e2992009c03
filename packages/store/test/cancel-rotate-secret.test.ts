import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, noFunction, notFound } from './known-refusals.ts'
import { TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(async () => {
  await store.start()
  await store.ok('CreateSecret', { Name: 'rotate/one', SecretString: 'v' })
  await store.ok('CreateSecret', { Name: 'rotate/going' })
  await store.ok('DeleteSecret', { SecretId: 'rotate/going' })
})
afterAll(() => store.remove())

describe('CancelRotateSecret', () => {
  describe('errors', () => {
    it('come from a secret that is not rotated, is not there, or is going', async () => {
      const cancel = (SecretId: string) => store.refused('CancelRotateSecret', { SecretId })
      expect(await cancel('rotate/one')).toBe(noFunction)
      expect(await cancel('nowhere')).toBe(notFound)
      expect(await cancel('rotate/going')).toBe(marked)
    })
  })
})
