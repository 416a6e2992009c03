import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestStore, tokenOf } from './test-store.ts'
import { versionCalls } from './version-calls.ts'
const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newSecret, put, stagesOf, valueOf } = versionCalls(store)

describe('PutSecretValue', () => {
  describe('parameters', () => {
    it('does nothing for the same token with the same value, and says so with its labels', async () => {
      const name = await newSecret('one')
      await put(name, 'v2', 'two')
      await put(name, 'v3', 'three')
      expect(await put(name, 'v2', 'two')).toMatchObject({ VersionId: tokenOf('v2'), VersionStages: ['AWSPREVIOUS'] })
      expect(await stagesOf(name)).toEqual({ v2: 'AWSPREVIOUS', v3: 'AWSCURRENT' })
    })

    it('keeps writers of one secret from losing each other', async () => {
      const name = await newSecret('0')
      const tokens = Array.from({ length: 20 }, (_, index) => `w${index}`)
      await Promise.all(tokens.map((token) => put(name, token, token)))
      const stages = await stagesOf(name)
      expect(new Set(Object.values(stages))).toEqual(new Set(['AWSCURRENT', 'AWSPREVIOUS']))
      for (const token of tokens) expect(await valueOf(name, { VersionId: tokenOf(token) })).toBe(token)
    })
  })

  describe('labels', () => {
    it('makes the new version current and the old one previous', async () => {
      const name = await newSecret('one')
      expect(await put(name, 'v2', 'two')).toMatchObject({ VersionId: tokenOf('v2'), VersionStages: ['AWSCURRENT'] })
      expect(await stagesOf(name)).toEqual({ v1: 'AWSPREVIOUS', v2: 'AWSCURRENT' })
      expect(await valueOf(name)).toBe('two')
      expect(await valueOf(name, { VersionStage: 'AWSPREVIOUS' })).toBe('one')
    })

    it('leaves AWSCURRENT alone when it names labels', async () => {
      const name = await newSecret('one')
      await put(name, 'v2', 'two', { VersionStages: ['AWSPENDING', 'blue'] })
      expect(await stagesOf(name)).toEqual({ v1: 'AWSCURRENT', v2: 'AWSPENDING blue' })
      expect(await valueOf(name)).toBe('one')
      expect(await valueOf(name, { VersionStage: 'blue' })).toBe('two')
    })

    it('gives AWSCURRENT to the first version of a secret without one, whatever it names', async () => {
      const name = await newSecret()
      expect(await put(name, 'v1', 'one', { VersionStages: ['blue'] })).toMatchObject({
        VersionStages: ['blue', 'AWSCURRENT'],
      })
    })

    it('allows 20 labels on all versions together, not 21', async () => {
      const name = await newSecret('one')
      const labels = Array.from({ length: 19 }, (_, index) => `label-${index}`)
      await put(name, 'v2', 'two', { VersionStages: labels })
      const more = { SecretId: name, SecretString: 'x', VersionStages: ['one-more'] }
      expect(await store.refused('PutSecretValue', more)).toMatch(/^LimitExceededException/)
    })

    it('moves named labels from the versions that have them', async () => {
      const name = await newSecret('one')
      await put(name, 'v2', 'two', { VersionStages: ['blue', 'AWSPENDING'] })
      await put(name, 'v3', 'three', { VersionStages: ['AWSCURRENT', 'blue'] })
      expect(await stagesOf(name)).toEqual({ v1: 'AWSPREVIOUS', v2: 'AWSPENDING', v3: 'AWSCURRENT blue' })
    })

    it('ends a rotation that is stuck, by a put without labels', async () => {
      const name = await newSecret('one')
      await put(name, 'v2', 'two', { VersionStages: ['AWSPENDING'] })
      await put(name, 'v3', 'three')
      expect(await stagesOf(name)).toEqual({ v1: 'AWSPREVIOUS', v3: 'AWSCURRENT' })
    })
  })

  describe('errors', () => {
    it('refuses the same token with another value, or the same bytes as the other kind', async () => {
      const name = await newSecret('one')
      const { ARN } = await store.ok('DescribeSecret', { SecretId: name })
      const text = `ResourceExistsException: You can't use ClientRequestToken ${tokenOf('v1')} because that value is already in use for a version of secret ${ARN}.`
      const again = { SecretId: name, ClientRequestToken: tokenOf('v1') }
      expect(await store.refused('PutSecretValue', { ...again, SecretString: 'other' })).toBe(text)
      expect(await store.refused('PutSecretValue', { ...again, SecretBinary: btoa('one') })).toBe(text)
    })

    it('wants a token before it looks for the secret, and a value', async () => {
      expect(
        await store.refused('PutSecretValue', {
          SecretId: 'nowhere',
          SecretString: 'x',
          ClientRequestToken: undefined,
        }),
      ).toBe('InvalidRequestException: You must provide a ClientRequestToken value. We recommend a UUID-type value.')
      expect(
        await store.refused('PutSecretValue', { SecretId: 'nowhere', SecretString: 'x', ClientRequestToken: 'short' }),
      ).toBe('InvalidParameterException: ClientRequestToken must be 32-64 characters long.')
      expect(await store.refused('PutSecretValue', { SecretId: 'nowhere' })).toMatch(
        /^InvalidRequestException: You must provide/,
      )
      expect(
        await store.refused('PutSecretValue', { SecretId: 'nowhere', SecretString: 'a', SecretBinary: 'YQ==' }),
      ).toMatch(/^InvalidParameterException: You can't specify both/)
    })

    it('come from a secret that is not there, or is going', async () => {
      expect(await store.refused('PutSecretValue', { SecretId: 'nowhere', SecretString: 'x' })).toMatch(
        /^ResourceNotFoundException/,
      )
      const name = await newSecret('one')
      await store.ok('DeleteSecret', { SecretId: name })
      expect(await store.refused('PutSecretValue', { SecretId: name, SecretString: 'x' })).toMatch(
        /^InvalidRequestException: .*marked for deletion/,
      )
    })

    it('come from bounds', async () => {
      const refused = (more: object) => store.refused('PutSecretValue', { SecretId: 'x', SecretString: 'x', ...more })
      expect(await refused({ VersionStages: [] })).toMatch(/^ValidationException: .*'versionStages'/)
      expect(await refused({ VersionStages: Array.from({ length: 21 }, (_, index) => `l${index}`) })).toMatch(
        /equal to 20$/,
      )
      expect(await refused({ VersionStages: [''] })).toMatch(/'versionStages.1.member'/)
      expect(await refused({ RotationToken: 'x'.repeat(35) })).toMatch(/^ValidationException: .*'rotationToken'/)
      expect(await refused({ RotationToken: '_'.repeat(36) })).toMatch(/regular expression/)
    })
  })
})
