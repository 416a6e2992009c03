import { expect } from 'vitest'
import { account, momentOf, type Output, region, type Step, tokenOf, type Use } from './step.ts'

const life = (use: Use): string => `${use.prefix}/life`
const read = (use: Use, more: Output = {}) => use.ok('GetSecretValue', { SecretId: life(use), ...more })
const bytes = Buffer.from([0, 1, 127, 128, 255]).toString('base64')
const inUse = (token: string, arn: unknown): string =>
  `ResourceExistsException: You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${String(arn)}.`

/** Its values, versions and labels, its deletion. */
export const lifeOfASecret: readonly Step[] = [
  {
    name: 'creates a secret, once for one token',
    run: async (use) => {
      const input = { Name: life(use), SecretString: 'päß "1"', Description: 'one', ClientRequestToken: tokenOf('v1') }
      const made = await use.ok('CreateSecret', { ...input, Tags: [{ Key: 'team', Value: 'pay' }] })
      const arn = new RegExp(`^arn:aws:secretsmanager:${region}:${account}:secret:${life(use)}-[A-Za-z0-9]{6}$`)
      expect(made).toMatchObject({ Name: life(use), VersionId: tokenOf('v1'), ARN: expect.stringMatching(arn) })
      expect(await use.ok('CreateSecret', input)).toMatchObject({ ARN: made['ARN'], VersionId: tokenOf('v1') })
      expect(await use.refused('CreateSecret', { ...input, SecretString: 'two' })).toBe(
        inUse(tokenOf('v1'), made['ARN']),
      )
      expect(await use.refused('CreateSecret', { ...input, ClientRequestToken: tokenOf('v2') })).toBe(
        `ResourceExistsException: The operation failed because the secret ${life(use)} already exists.`,
      )
    },
  },
  {
    name: 'describes it',
    run: async (use) => {
      const told = await use.ok('DescribeSecret', { SecretId: life(use) })
      expect(told).toMatchObject({
        Name: life(use),
        Description: 'one',
        Tags: [{ Key: 'team', Value: 'pay' }],
        VersionIdsToStages: { [tokenOf('v1')]: ['AWSCURRENT'] },
      })
      expect(Math.abs(momentOf(told['CreatedDate']) - Date.now())).toBeLessThan(600_000)
    },
  },
  {
    name: 'reads by name, ARN, label and version',
    run: async (use) => {
      const current = await read(use)
      expect(current).toMatchObject({ SecretString: 'päß "1"', VersionStages: ['AWSCURRENT'], Name: life(use) })
      for (const more of [
        { SecretId: current['ARN'] },
        { VersionStage: 'AWSCURRENT' },
        { VersionId: tokenOf('v1') },
        { VersionId: tokenOf('v1'), VersionStage: 'AWSCURRENT' },
      ])
        expect((await read(use, more))['SecretString']).toBe('päß "1"')
      expect(await use.refused('GetSecretValue', { SecretId: life(use), VersionStage: 'NONE' })).toBe(
        "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: NONE",
      )
      expect(await use.refused('GetSecretValue', { SecretId: `${life(use)}/none` })).toBe(
        "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
      )
    },
  },
  {
    name: 'puts bytes, and a value under labels of its own',
    run: async (use) => {
      const put = { SecretId: life(use), SecretBinary: bytes, ClientRequestToken: tokenOf('v2') }
      expect(await use.ok('PutSecretValue', put)).toMatchObject({ VersionStages: ['AWSCURRENT'] })
      expect((await read(use))['SecretBinary']).toBe(bytes)
      expect((await read(use, { VersionStage: 'AWSPREVIOUS' }))['VersionId']).toBe(tokenOf('v1'))
      const labelled = { SecretId: life(use), SecretString: 'three', ClientRequestToken: tokenOf('v3') }
      await use.ok('PutSecretValue', { ...labelled, VersionStages: ['AWSPENDING', 'BLUE'] })
      expect(await use.ok('PutSecretValue', { ...labelled, VersionStages: ['AWSPENDING', 'BLUE'] })).toMatchObject({
        VersionId: tokenOf('v3'),
      })
      expect((await read(use, { VersionStage: 'BLUE' }))['SecretString']).toBe('three')
      expect((await read(use))['VersionId']).toBe(tokenOf('v2'))
    },
  },
  {
    name: 'moves labels',
    run: async (use) => {
      const move = { SecretId: life(use), VersionStage: 'AWSCURRENT', MoveToVersionId: tokenOf('v3') }
      expect(await use.refused('UpdateSecretVersionStage', move)).toBe(
        `InvalidParameterException: The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${tokenOf('v2')}, so you must explicitly reference that version in RemoveFromVersionId.`,
      )
      await use.ok('UpdateSecretVersionStage', { ...move, RemoveFromVersionId: tokenOf('v2') })
      expect((await read(use))['SecretString']).toBe('three')
      expect((await read(use, { VersionStage: 'AWSPREVIOUS' }))['VersionId']).toBe(tokenOf('v2'))
      const remove = { SecretId: life(use), VersionStage: 'BLUE', RemoveFromVersionId: tokenOf('v3') }
      await use.ok('UpdateSecretVersionStage', remove)
    },
  },
  {
    name: 'updates the description alone, then the value',
    run: async (use) => {
      const SecretId = life(use)
      expect((await use.ok('UpdateSecret', { SecretId, Description: 'two' }))['VersionId']).toBeUndefined()
      const update = { SecretId, SecretString: 'four', ClientRequestToken: tokenOf('v4') }
      expect(await use.ok('UpdateSecret', update)).toMatchObject({ VersionId: tokenOf('v4') })
      expect((await use.ok('DescribeSecret', { SecretId }))['Description']).toBe('two')
      expect((await read(use))['SecretString']).toBe('four')
    },
  },
  {
    name: 'lists its versions, page by page',
    run: async (use) => {
      const SecretId = life(use)
      const all = await use.ok('ListSecretVersionIds', { SecretId, IncludeDeprecated: true })
      const ids = (all['Versions'] as Output[]).map(({ VersionId }) => VersionId)
      expect(new Set(ids)).toEqual(new Set(['v1', 'v2', 'v3', 'v4'].map(tokenOf)))
      const page = await use.ok('ListSecretVersionIds', { SecretId, IncludeDeprecated: true, MaxResults: 3 })
      expect(page['Versions']).toHaveLength(3)
      const more = { SecretId, IncludeDeprecated: true, MaxResults: 3, NextToken: page['NextToken'] }
      expect((await use.ok('ListSecretVersionIds', more))['Versions']).toHaveLength(1)
    },
  },
  {
    name: 'tags it',
    run: async (use) => {
      const SecretId = life(use)
      const tagsOf = async () => (await use.ok('DescribeSecret', { SecretId }))['Tags']
      await use.ok('TagResource', { SecretId, Tags: [{ Key: 'env', Value: 'test' }] })
      expect(await tagsOf()).toHaveLength(2)
      await use.ok('UntagResource', { SecretId, TagKeys: ['team'] })
      expect(await tagsOf()).toEqual([{ Key: 'env', Value: 'test' }])
    },
  },
  {
    name: 'deletes with a window, restores, and deletes for good',
    run: async (use) => {
      const SecretId = `${use.prefix}/going`
      await use.ok('CreateSecret', { Name: SecretId, SecretString: 'v' })
      const going = await use.ok('DeleteSecret', { SecretId, RecoveryWindowInDays: 7 })
      expect(Math.abs(momentOf(going['DeletionDate']) - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000)
      expect(await use.refused('GetSecretValue', { SecretId })).toMatch(/^InvalidRequestException: .*deletion\.$/)
      await use.ok('RestoreSecret', { SecretId })
      expect((await use.ok('GetSecretValue', { SecretId }))['SecretString']).toBe('v')
      expect(await use.refused('DeleteSecret', { SecretId, RecoveryWindowInDays: 6 })).toMatch(
        /^InvalidParameterException: .*between 7 and 30 days/,
      )
      await use.ok('DeleteSecret', { SecretId, ForceDeleteWithoutRecovery: true })
      expect(await use.refused('DescribeSecret', { SecretId })).toMatch(/^ResourceNotFoundException/)
    },
  },
]
