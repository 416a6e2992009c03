import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engine } from './test-database.ts'
import { TestStore, tokenOf } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

/** Puts a version without a value beside the current one, as the beginning of a rotation does. */
const addPending = async (name: string): Promise<void> => {
  const database = new DatabaseSync(store.databasePath)
  const { id } = database.prepare('select id from secrets where name = ?').get(name) as { id: string }
  database
    .prepare(
      'insert into secret_versions (secret_id, version_id, ordinal, created_at_ms, accessed_at_ms) values (?, ?, 9, ?, 0)',
    )
    .run(id, tokenOf('pending'), store.clock.nowMs())
  database.prepare("insert into version_stages values (?, 'AWSPENDING', ?, 0)").run(id, tokenOf('pending'))
  database.close()
}
const newSecret = async (name: string, value?: string): Promise<void> => {
  await store.ok('CreateSecret', { Name: name, SecretString: value, ClientRequestToken: tokenOf('v1') })
  await addPending(name)
}
const put = (name: string, more: object = {}) =>
  store.ok('PutSecretValue', { SecretId: name, SecretString: 'new', ClientRequestToken: tokenOf('pending'), ...more })

describe.runIf(engine === 'sqlite')('a version that waits for its value', () => {
  it('is told of by DescribeSecret, not by ListSecretVersionIds, and cannot be read', async () => {
    await newSecret('empty/one', 'old')
    const { VersionIdsToStages } = await store.ok('DescribeSecret', { SecretId: 'empty/one' })
    expect(VersionIdsToStages).toEqual({ [tokenOf('v1')]: ['AWSCURRENT'], [tokenOf('pending')]: ['AWSPENDING'] })
    const { Versions } = await store.ok('ListSecretVersionIds', { SecretId: 'empty/one', IncludeDeprecated: true })
    expect(Versions.map(({ VersionId }) => VersionId)).toEqual([tokenOf('v1')])
    expect(await store.refused('GetSecretValue', { SecretId: 'empty/one', VersionStage: 'AWSPENDING' })).toBe(
      "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    )
    const pending = { SecretId: 'empty/one', VersionId: tokenOf('pending'), VersionStage: 'AWSPENDING' }
    expect(await store.refused('GetSecretValue', pending)).toBe(
      `ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: ${tokenOf('pending')}`,
    )
  })

  it('is filled by PutSecretValue under its id, once', async () => {
    await newSecret('empty/fill', 'old')
    await put('empty/fill', { VersionStages: ['AWSPENDING'] })
    const pending = { SecretId: 'empty/fill', VersionStage: 'AWSPENDING' }
    expect((await store.ok('GetSecretValue', pending)).SecretString).toBe('new')
    await put('empty/fill', { VersionStages: ['AWSPENDING'] })
    expect(
      await store.refused('PutSecretValue', {
        SecretId: 'empty/fill',
        SecretString: 'other',
        ClientRequestToken: tokenOf('pending'),
      }),
    ).toMatch(/^ResourceExistsException/)
  })

  it('becomes current by a put without labels', async () => {
    await newSecret('empty/current', 'old')
    await put('empty/current')
    const { VersionIdsToStages } = await store.ok('DescribeSecret', { SecretId: 'empty/current' })
    expect(VersionIdsToStages).toEqual({ [tokenOf('v1')]: ['AWSPREVIOUS'], [tokenOf('pending')]: ['AWSCURRENT'] })
  })

  it('stays pending in a secret that never had a value, until its label moves', async () => {
    await newSecret('empty/first')
    await put('empty/first', { VersionStages: ['AWSPENDING'] })
    const move = { SecretId: 'empty/first', VersionStage: 'AWSCURRENT', MoveToVersionId: tokenOf('pending') }
    expect(await store.refused('GetSecretValue', { SecretId: 'empty/first' })).toMatch(/label: AWSCURRENT$/)
    await store.ok('UpdateSecretVersionStage', move)
    expect((await store.ok('GetSecretValue', { SecretId: 'empty/first' })).SecretString).toBe('new')
  })

  it('is copied to a replica waiting, and filled there with its primary', async () => {
    await newSecret('empty/copied', 'old')
    await store.ok('ReplicateSecretToRegions', {
      SecretId: 'empty/copied',
      AddReplicaRegions: [{ Region: 'eu-west-2' }],
    })
    await put('empty/copied', { VersionStages: ['AWSPENDING'] })
    const pending = { SecretId: 'empty/copied', VersionStage: 'AWSPENDING' }
    expect((await store.ok('GetSecretValue', pending, { region: 'eu-west-2' })).SecretString).toBe('new')
  })

  it('does not keep a batch from the others', async () => {
    await newSecret('empty/batch')
    const { Errors } = await store.ok('BatchGetSecretValue', { SecretIdList: ['empty/batch'] })
    expect(Errors.map(({ ErrorCode }) => ErrorCode)).toEqual(['ResourceNotFoundException'])
  })
})
