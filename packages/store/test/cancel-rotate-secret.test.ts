import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, noFunction, notFound } from './known-refusals.ts'
import { startWithSecretsToRotate } from './secrets-to-rotate.ts'
import { TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => startWithSecretsToRotate(store))
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
