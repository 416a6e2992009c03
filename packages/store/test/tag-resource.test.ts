import { parseIam } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, notFound } from './known-refusals.ts'
import { tag, tagCalls } from './tag-calls.ts'
import { account, developer, TestStore } from './test-store.ts'

const store = new TestStore()
const limited = { accessKeyId: 'AKIALIMITED000000001', secretAccessKey: 'limited-secret-access-key-001' }
/** May tag and untag what belongs to his team only. */
const ofTeam = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['secretsmanager:TagResource', 'secretsmanager:UntagResource'],
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/team': 'pay' } },
    },
  ],
}
const users = [
  { name: 'developer', accessKeys: [{ ...developer }], policies: ['AdministratorAccess'] },
  { name: 'limited', accessKeys: [limited], policies: [ofTeam] },
]
beforeAll(() => store.start({ iam: parseIam(JSON.stringify({ account, users })) }))
afterAll(() => store.remove())

const { newSecret, tagsOf } = tagCalls(store)

describe('TagResource', () => {
  describe('parameters', () => {
    it('adds tags, and gives a key that is there the new value in its place', async () => {
      const SecretId = await newSecret([tag('a', '1'), tag('b', '2')])
      expect((await store.call('TagResource', { SecretId, Tags: [tag('c', '3'), tag('a', '4')] })).text).toBe('{}')
      expect(await tagsOf(SecretId)).toEqual([tag('a', '4'), tag('b', '2'), tag('c', '3')])
    })

    it('takes a tag without a value for an empty one', async () => {
      const SecretId = await newSecret()
      await store.ok('TagResource', { SecretId, Tags: [tag('k', '1'), { Key: 'L' }] })
      expect(await tagsOf(SecretId)).toEqual([tag('k', '1'), tag('L', '')])
    })

    it('refuses a key that differs from another in case only: policies could not tell which one counts', async () => {
      const SecretId = await newSecret()
      await store.ok('TagResource', { SecretId, Tags: [tag('team', 'blue')] })
      for (const Tags of [[tag('Team', 'red')], [tag('a', '1'), tag('A', '2')]])
        expect(await store.refused('TagResource', { SecretId, Tags })).toMatch(/^InvalidParameterException/)
      await store.ok('TagResource', { SecretId, Tags: [tag('team', 'green')] })
      expect(await tagsOf(SecretId)).toEqual([tag('team', 'green')])
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

    it('keep the caller from losing the right to change tags, by a tag given or taken away', async () => {
      const SecretId = await newSecret([tag('team', 'pay'), tag('other', 'x')])
      const mine = { credentials: limited }
      const denied = (action: string) =>
        new RegExp(`^AccessDeniedException: User: arn:aws:iam::${account}:user/limited .*${action}`)
      await store.ok('TagResource', { SecretId, Tags: [tag('team', 'pay'), tag('k', 'v')] }, mine)
      expect(await store.refused('TagResource', { SecretId, Tags: [tag('team', 'ship')] }, mine)).toMatch(
        denied('TagResource'),
      )
      await store.ok('UntagResource', { SecretId, TagKeys: ['other'] }, mine)
      expect(await store.refused('UntagResource', { SecretId, TagKeys: ['team'] }, mine)).toMatch(
        denied('UntagResource'),
      )
      expect(await tagsOf(SecretId)).toEqual([tag('team', 'pay'), tag('k', 'v')])
    })

    it('come from a secret that is not there, or is going', async () => {
      expect(await store.refused('TagResource', { SecretId: 'nowhere', Tags: [tag('k', '')] })).toBe(notFound)
      const SecretId = await newSecret()
      await store.ok('DeleteSecret', { SecretId })
      expect(await store.refused('TagResource', { SecretId, Tags: [tag('k', '')] })).toBe(marked)
    })
  })
})
