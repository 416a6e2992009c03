import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestStore, tokenOf } from './test-store.ts'
import { versionCalls } from './version-calls.ts'
const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newSecret, stagesOf, valueOf } = versionCalls(store)

describe('UpdateSecret', () => {
  describe('parameters', () => {
    it('changes what is said of the secret without a new version', async () => {
      const name = await newSecret('one')
      const updated = await store.ok('UpdateSecret', { SecretId: name, Description: 'new' })
      expect(Object.keys(updated).toSorted()).toEqual(['ARN', 'Name'])
      expect(await store.ok('DescribeSecret', { SecretId: name })).toMatchObject({ Description: 'new' })
      await store.ok('UpdateSecret', { SecretId: name, Description: '' })
      expect(await store.ok('DescribeSecret', { SecretId: name })).not.toHaveProperty('Description')
      expect(await stagesOf(name)).toEqual({ v1: 'AWSCURRENT' })
      await store.ok('UpdateSecret', { SecretId: name })
    })

    it('moves the date of the last change', async () => {
      const name = await newSecret('one')
      const before = (await store.ok('DescribeSecret', { SecretId: name }))['LastChangedDate']
      await store.clock.advance(1_234)
      await store.ok('UpdateSecret', { SecretId: name, Description: 'new' })
      expect((await store.ok('DescribeSecret', { SecretId: name }))['LastChangedDate']).toBeCloseTo(before + 1.234, 3)
    })

    it('keeps another type, and the default key under any of its names', async () => {
      const name = await newSecret('one')
      for (const KmsKeyId of ['', 'alias/aws/secretsmanager'])
        await store.ok('UpdateSecret', { SecretId: name, KmsKeyId, Type: 'BigIDClientSecret' })
      const described = await store.ok('DescribeSecret', { SecretId: name })
      expect(described.Type).toBe('BigIDClientSecret')
      expect(described).not.toHaveProperty('KmsKeyId')
      expect(await valueOf(name)).toBe('one')
    })
  })

  describe('labels', () => {
    it('writes a current version under its token, and is the same again for the same value', async () => {
      const name = await newSecret('one')
      const update = { SecretId: name, SecretString: 'two', ClientRequestToken: tokenOf('v2') }
      expect(await store.ok('UpdateSecret', update)).toMatchObject({ VersionId: tokenOf('v2') })
      expect(await store.ok('UpdateSecret', update)).toMatchObject({ VersionId: tokenOf('v2') })
      expect(await stagesOf(name)).toEqual({ v1: 'AWSPREVIOUS', v2: 'AWSCURRENT' })
      expect(await store.refused('UpdateSecret', { ...update, SecretString: 'three' })).toMatch(
        /^ResourceExistsException/,
      )
    })
  })

  describe('errors', () => {
    it('want a token before the secret is looked up, with a value or without', async () => {
      expect(await store.refused('UpdateSecret', { SecretId: 'nowhere', ClientRequestToken: undefined })).toBe(
        'InvalidRequestException: You must provide a ClientRequestToken value. We recommend a UUID-type value.',
      )
    })

    it('come from both kinds of value at once, and a secret that is not there, or is going', async () => {
      const name = await newSecret('one')
      const both = { SecretId: name, SecretString: 'a', SecretBinary: 'YQ==' }
      expect(await store.refused('UpdateSecret', both)).toMatch(/^InvalidParameterException: You can't specify both/)
      expect(await store.refused('UpdateSecret', { SecretId: 'nowhere' })).toMatch(/^ResourceNotFoundException/)
      await store.ok('DeleteSecret', { SecretId: name })
      expect(await store.refused('UpdateSecret', { SecretId: name })).toMatch(/^InvalidRequestException: .*marked/)
    })
  })
})
