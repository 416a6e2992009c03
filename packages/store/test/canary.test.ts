import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { auditTail } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engine } from './test-database.ts'
import { TestStore, tokenOf } from './test-store.ts'

const store = new TestStore()
const mark = 'CANARY-7f3a9c51-value'
const marks = [
  mark,
  Buffer.from(mark).toString('hex'),
  // Base64 of the mark at each of the three places where a group can begin, without the ends that depend on neighbours.
  ...[0, 1, 2].map((before) =>
    Buffer.from('\0'.repeat(before) + mark)
      .toString('base64')
      .slice(4, -4),
  ),
]
const findings = (where: string, content: string): string[] =>
  marks.filter((text) => content.includes(text)).map((text) => `${where}: ${text}`)

beforeAll(() => store.start())
afterAll(() => store.remove())

/** Every operation with the mark as its value, in ways that succeed and in ways that are refused; gives what refusals said. */
const useMarkEverywhere = async (): Promise<string> => {
  const value = { SecretString: mark }
  const binary = { SecretBinary: Buffer.from(mark).toString('base64') }
  const refusals: unknown[] = []
  const refused = async (operation: string, input: object) => refusals.push(await store.refused(operation, input))
  await store.ok('CreateSecret', { Name: 'canary', ...value, ClientRequestToken: tokenOf('c') })
  await store.ok('PutSecretValue', { SecretId: 'canary', ...binary })
  await store.ok('UpdateSecret', { SecretId: 'canary', ...value })
  await store.ok('GetSecretValue', { SecretId: 'canary' })
  await store.ok('DescribeSecret', { SecretId: 'canary' })
  await store.ok('ListSecrets', {})
  await store.ok('ReplicateSecretToRegions', { SecretId: 'canary', AddReplicaRegions: [{ Region: 'eu-west-2' }] })
  await store.ok('UpdateSecret', { SecretId: 'canary', ...value })
  await store.ok('BatchGetSecretValue', { SecretIdList: ['canary', `not ${mark}`] })
  await store.ok('ListSecretVersionIds', { SecretId: 'canary' })
  await refused('BatchGetSecretValue', { SecretIdList: [mark], MaxResults: 1 })
  await refused('PutResourcePolicy', { SecretId: 'canary', ResourcePolicy: `{"${mark}` })
  await refused('RotateSecret', { SecretId: 'canary', ClientRequestToken: mark })
  await refused('UpdateSecretVersionStage', {
    SecretId: 'canary',
    VersionStage: 'x',
    MoveToVersionId: `${mark}${mark}`,
  })
  await refused('CreateSecret', { Name: 'canary', ...value, ClientRequestToken: tokenOf('other') })
  await refused('CreateSecret', { Name: 'canary', ...binary, ClientRequestToken: tokenOf('c') })
  await refused('CreateSecret', { Name: 'not valid', ...value })
  await refused('PutSecretValue', { SecretId: 'nowhere', ...value })
  await refused('PutSecretValue', { SecretId: 'canary', ...value, ...binary })
  await refused('PutSecretValue', { SecretId: 'canary', SecretString: [mark] })
  await refused('PutSecretValue', { SecretId: 'canary', SecretBinary: `${mark}!` })
  await refused('UpdateSecret', { SecretId: 'canary', ...value, KmsKeyId: 'alias/mine' })
  const { text } = await store.send({
    operation: 'PutSecretValue',
    body: `{"SecretId":"canary","SecretString":"${mark}`,
  })
  await store.ok('RemoveRegionsFromReplication', { SecretId: 'canary', RemoveReplicaRegions: ['eu-west-2'] })
  await store.ok('DeleteSecret', { SecretId: 'canary' })
  await refused('PutSecretValue', { SecretId: 'canary', ...value })
  await store.ok('RestoreSecret', { SecretId: 'canary' })
  return JSON.stringify(refusals) + text
}

/** All that a server keeps of the store, bytes in hexadecimal. */
const tables = async (): Promise<string> => {
  if (engine === 'sqlite') return ''
  const names = await store.data.rows("select tablename from pg_tables where schemaname = 'public'")
  const rows = await Promise.all(
    names.map(({ tablename }) => store.data.rows(`select t::text as row from ${String(tablename)} t`)),
  )
  expect(rows.flat().length).toBeGreaterThan(20)
  return JSON.stringify(rows)
}

describe('a value', () => {
  it('is nowhere in files, refusals, reports, log or audit, in no form', async () => {
    const refusals = await useMarkEverywhere()
    const files = () =>
      readdirSync(store.folder).map((file) => [file, readFileSync(join(store.folder, file), 'latin1')] as const)
    const records = await auditTail({ ...store.database, limit: 1_000 })
    const running = files()
    const ofSqlite = ['store.db', 'store.db-shm', 'store.db-wal']
    const expected = ['root.key', ...(engine === 'sqlite' ? ofSqlite : [])]
    expect(running.map(([file]) => file).toSorted()).toEqual(expected)
    await store.stop()
    const written = [
      ...[...running, ...files()].flatMap(([file, content]) => findings(file, content)),
      ...findings('tables', await tables()),
      ...findings('refusals', refusals),
      ...findings('reports', JSON.stringify(store.reports)),
      ...findings('log', JSON.stringify(store.problems)),
      ...findings('audit', JSON.stringify(records)),
    ]
    expect(written).toEqual([])
    expect(records.length).toBeGreaterThan(15)
  })

  it('would be found by this search if it were there', () => {
    for (const before of ['', 'a', 'ab'])
      for (const form of [
        `x${mark}x`,
        Buffer.from(mark).toString('hex'),
        Buffer.from(`${before}${mark}xx`).toString('base64'),
      ])
        expect(findings('here', form)).not.toEqual([])
  })
})
