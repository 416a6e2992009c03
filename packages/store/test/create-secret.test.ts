import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestStore, tokenOf } from './test-store.ts'
const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())
const nowS = () => store.clock.nowMs() / 1000
const refused = (more: object) => store.refused('CreateSecret', { Name: 'create/refused', ...more })

describe('CreateSecret', () => {
  describe('parameters', () => {
    it('gives an ARN with six random characters, and a version only for a value', async () => {
      const bare = await store.ok('CreateSecret', { Name: 'create/bare' })
      expect(Object.keys(bare).toSorted()).toEqual(['ARN', 'Name'])
      expect(bare['ARN']).toMatch(/^arn:aws:secretsmanager:eu-west-1:000000000000:secret:create\/bare-[A-Za-z0-9]{6}$/)
      expect(await store.ok('DescribeSecret', { SecretId: 'create/bare' })).toEqual({
        ARN: bare['ARN'],
        Name: 'create/bare',
        CreatedDate: nowS(),
        LastChangedDate: nowS(),
      })
      const token = tokenOf('first')
      const full = { Name: 'create/full', SecretString: 'v', ClientRequestToken: token, Description: 'd' }
      expect(await store.ok('CreateSecret', full)).toMatchObject({ Name: 'create/full', VersionId: token })
      expect(await store.ok('DescribeSecret', { SecretId: 'create/full' })).toMatchObject({
        Description: 'd',
        VersionIdsToStages: { [token]: ['AWSCURRENT'] },
      })
    })

    it('keeps tags in their order and refuses bad ones', async () => {
      const Tags = [
        { Key: 'z', Value: '1' },
        { Key: 'a', Value: '' },
      ]
      await store.ok('CreateSecret', { Name: 'create/tags', Tags })
      expect((await store.ok('DescribeSecret', { SecretId: 'create/tags' }))['Tags']).toEqual(Tags)
      const refused = (tags: unknown) => store.refused('CreateSecret', { Name: 'create/bad-tags', Tags: tags })
      expect(await refused([{ Key: 'aws:x', Value: '1' }])).toMatch(/^InvalidParameterException/)
      expect(await refused([Tags[0], Tags[0]])).toMatch(/^InvalidParameterException/)
      expect(await refused([{ Value: '1' }])).toMatch(/^InvalidParameterException/)
      expect(await refused([{ Key: 'k'.repeat(129), Value: '' }])).toMatch(
        /^ValidationException: .*'tags.1.member.key'/,
      )
      const many = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: '' }))
      expect(await refused(many)).toMatch(/^LimitExceededException/)
      await store.ok('CreateSecret', { Name: 'create/many-tags', Tags: many.slice(1) })
    })

    it('ignores what it does not know', async () => {
      await store.ok('CreateSecret', {
        Name: 'create/ignored',
        SomethingElse: 1,
        KmsKeyId: 'alias/aws/secretsmanager',
      })
    })

    it('keeps what identifies the partner of a managed external secret', async () => {
      await store.ok('CreateSecret', { Name: 'create/type', Type: 'SalesforceClientSecret' })
      const { Type } = await store.ok('DescribeSecret', { SecretId: 'create/type' })
      expect(Type).toBe('SalesforceClientSecret')
    })
  })

  describe('labels', () => {
    it('puts AWSCURRENT on the first version', async () => {
      const ClientRequestToken = tokenOf('v1')
      await store.ok('CreateSecret', { Name: 'create/labels', SecretBinary: 'eA==', ClientRequestToken })
      const { VersionIdsToStages } = await store.ok('DescribeSecret', { SecretId: 'create/labels' })
      expect(VersionIdsToStages).toEqual({ [ClientRequestToken]: ['AWSCURRENT'] })
    })
  })

  describe('errors', () => {
    it('is one secret for the same token and value, and refuses everything else under a taken name', async () => {
      const input = { Name: 'create/once', SecretString: 'v', ClientRequestToken: tokenOf('once') }
      const first = await store.ok('CreateSecret', input)
      expect(await store.ok('CreateSecret', input)).toEqual(first)
      expect(await store.refused('CreateSecret', { ...input, SecretString: 'w' })).toBe(
        `ResourceExistsException: You can't use ClientRequestToken ${tokenOf('once')} because that value is already in use for a version of secret ${first['ARN']}.`,
      )
      expect(await store.refused('CreateSecret', { ...input, ClientRequestToken: tokenOf('other') })).toBe(
        'ResourceExistsException: The operation failed because the secret create/once already exists.',
      )
    })

    it('makes one secret of many calls at once', async () => {
      const calls = Array.from({ length: 10 }, () =>
        store.call('CreateSecret', { Name: 'create/race', SecretString: 'v' }),
      )
      const statuses = (await Promise.all(calls)).map(({ status }) => status).toSorted((a, b) => a - b)
      expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 400)])
    })

    it('want a token, whether there is a value or not, before the name is looked up', async () => {
      expect(await refused({ ClientRequestToken: undefined })).toBe(
        'InvalidRequestException: You must provide a ClientRequestToken value. We recommend a UUID-type value.',
      )
      expect(await refused({ ClientRequestToken: 'short' })).toMatch(/^InvalidParameterException/)
    })

    it('come from both kinds of value at once, and from bounds', async () => {
      expect(await refused({ SecretString: 'a', SecretBinary: 'YQ==' })).toBe(
        "InvalidParameterException: You can't specify both a binary secret value and a string secret value in the same secret.",
      )
      expect(await refused({ Name: 'x'.repeat(513) })).toMatch(/^ValidationException: .*'name'.*equal to 512$/)
      expect(await refused({ Name: undefined })).toMatch(/Value null at 'name'/)
      expect(await refused({ Description: 'x'.repeat(2049) })).toMatch(/^ValidationException: .*'description'/)
      expect(await refused({ Type: 'x'.repeat(257) })).toMatch(/^ValidationException: .*'type'/)
      expect(await refused({ SecretString: 'x'.repeat(65_537) })).toMatch(/^ValidationException: .*'secretString'/)
      expect(await refused({ SecretBinary: 'no base64!' })).toMatch(/^SerializationException/)
      expect(await refused({ AddReplicaRegions: [] })).toMatch(/^ValidationException: .*'addReplicaRegions'/)
      expect(await store.refused('DescribeSecret', { SecretId: 'create/refused' })).toMatch(/^ResourceNotFound/)
    })

    it('come from a name that is scheduled for deletion', async () => {
      await store.ok('CreateSecret', { Name: 'create/going' })
      await store.ok('DeleteSecret', { SecretId: 'create/going' })
      expect(await store.refused('CreateSecret', { Name: 'create/going' })).toBe(
        "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion.",
      )
    })
  })
})
