import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const marked =
  "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion."
const notFound = "ResourceNotFoundException: Secrets Manager can't find the specified secret."
const tagsOf = async (SecretId: string) => (await store.ok('DescribeSecret', { SecretId })).Tags
const tag = (Key: string, Value: string) => ({ Key, Value })
let made = 0
const newSecret = async (Tags?: readonly object[]): Promise<string> => {
  made += 1
  const Name = `tags/${made}`
  await store.ok('CreateSecret', { Name, ...(Tags && { Tags }) })
  return Name
}

describe('TagResource', () => {
  describe('parameters', () => {
    it('adds tags, and gives a key that is there the new value in its place', async () => {
      const SecretId = await newSecret([tag('a', '1'), tag('b', '2')])
      expect((await store.call('TagResource', { SecretId, Tags: [tag('c', '3'), tag('a', '4')] })).text).toBe('{}')
      expect(await tagsOf(SecretId)).toEqual([tag('a', '4'), tag('b', '2'), tag('c', '3')])
    })

    it('tells keys apart by case, and takes a tag without a value for an empty one', async () => {
      const SecretId = await newSecret()
      await store.ok('TagResource', { SecretId, Tags: [tag('k', '1'), { Key: 'K' }] })
      expect(await tagsOf(SecretId)).toEqual([tag('k', '1'), tag('K', '')])
    })

    it('moves the date of the last change', async () => {
      const SecretId = await newSecret()
      const before = (await store.ok('DescribeSecret', { SecretId })).LastChangedDate
      await store.clock.advance(1_500)
      await store.ok('TagResource', { SecretId, Tags: [tag('k', '1')] })
      expect((await store.ok('DescribeSecret', { SecretId })).LastChangedDate).toBeCloseTo(before + 1.5, 3)
    })

    it('changes nothing without tags', async () => {
      const SecretId = await newSecret()
      await store.ok('TagResource', { SecretId, Tags: [] })
      expect(await store.ok('DescribeSecret', { SecretId })).not.toHaveProperty('Tags')
    })
  })

  describe('errors', () => {
    it('come from more than 50 tags together, bad keys and bounds', async () => {
      const SecretId = await newSecret(Array.from({ length: 50 }, (_, index) => tag(`k${index}`, '')))
      const refused = (...Tags: object[]) => store.refused('TagResource', { SecretId, Tags })
      expect(await refused(tag('one-more', ''))).toMatch(/^InvalidParameterException: .*at most 50 tags/)
      await store.ok('TagResource', { SecretId, Tags: [tag('k7', 'new')] })
      expect(await refused(tag('aws:x', ''))).toMatch(/^InvalidParameterException/)
      expect(await refused({ Value: 'x' })).toMatch(/^InvalidParameterException/)
      expect(await refused(tag('a', '1'), tag('a', '2'))).toMatch(/^InvalidParameterException/)
      expect(await refused(tag('', 'x'))).toMatch(/^ValidationException: .*'tags.1.member.key'/)
      expect(await refused(tag('x', 'y'.repeat(257)))).toMatch(/^ValidationException: .*'tags.1.member.value'/)
      expect(await store.refused('TagResource', { SecretId })).toMatch(/^ValidationException: .*Value null at 'tags'/)
    })

    it('come from a secret that is not there, or is going', async () => {
      expect(await store.refused('TagResource', { SecretId: 'nowhere', Tags: [tag('k', '')] })).toBe(notFound)
      const SecretId = await newSecret()
      await store.ok('DeleteSecret', { SecretId })
      expect(await store.refused('TagResource', { SecretId, Tags: [tag('k', '')] })).toBe(marked)
    })
  })
})
