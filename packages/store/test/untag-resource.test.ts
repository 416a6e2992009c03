import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, notFound } from './known-refusals.ts'
import { tag, tagCalls } from './tag-calls.ts'
import { TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newSecret, tagsOf } = tagCalls(store)

describe('UntagResource', () => {
  describe('parameters', () => {
    it('takes tags off by their keys, and leaves an empty list after the last', async () => {
      const SecretId = await newSecret([tag('a', '1'), tag('b', '2')])
      expect((await store.call('UntagResource', { SecretId, TagKeys: ['a', 'not-there'] })).text).toBe('{}')
      expect(await tagsOf(SecretId)).toEqual([tag('b', '2')])
      await store.ok('UntagResource', { SecretId, TagKeys: ['b'] })
      expect(await tagsOf(SecretId)).toEqual([])
      const { SecretList } = await store.ok('ListSecrets', { Filters: [{ Key: 'name', Values: [SecretId] }] })
      expect(SecretList[0]?.Tags).toEqual([])
    })

    it('changes nothing where no key is there', async () => {
      const SecretId = await newSecret()
      const before = await store.ok('DescribeSecret', { SecretId })
      await store.clock.advance(1_000)
      await store.ok('UntagResource', { SecretId, TagKeys: ['a'] })
      expect(await store.ok('DescribeSecret', { SecretId })).toEqual(before)
    })
  })

  describe('errors', () => {
    it('come from a secret that is not there, or is going, and from bounds', async () => {
      expect(await store.refused('UntagResource', { SecretId: 'nowhere', TagKeys: ['k'] })).toBe(notFound)
      const SecretId = await newSecret([tag('k', '')])
      expect(await store.refused('UntagResource', { SecretId, TagKeys: ['k'.repeat(129)] })).toMatch(
        /^ValidationException: .*'tagKeys.1.member'/,
      )
      await store.ok('DeleteSecret', { SecretId })
      expect(await store.refused('UntagResource', { SecretId, TagKeys: ['k'] })).toBe(marked)
    })
  })
})
