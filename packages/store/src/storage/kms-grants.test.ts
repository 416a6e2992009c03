import { mkdtempSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokenSeal, migrate, openSqlite, settingUpSqlite, sqliteReader } from '@keyplane/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KmsGrants, kmsGrants } from './kms-grants.ts'
import { storeMigrations } from './migrations.ts'
import type { StoreTables } from './tables.ts'

const folder = mkdtempSync(join(tmpdir(), 'grants-'))
let connection: DatabaseSync
let table: KmsGrants
beforeAll(async () => {
  const path = join(folder, 'store.db')
  connection = openSqlite({ path, mode: 'write', check: 'quick' })
  await settingUpSqlite(connection, path, (db) =>
    migrate(
      db,
      storeMigrations(() => brokenSeal),
    ),
  )
  connection.exec('pragma foreign_keys = off')
  table = kmsGrants(sqliteReader<StoreTables>(connection, path))
})
afterAll(() => {
  connection.close()
  rmSync(folder, { recursive: true })
})

const account = '111111111111'
const iam = (rest: string, of = account) => `arn:aws:iam::${of}:${rest}`
let made = 0
const put = (grantee: string, operations: readonly string[], keyId = 'key'): string => {
  const id = `grant-${(made += 1)}`
  connection
    .prepare(
      `insert into kms_grants (grant_id, key_id, grantee, operations, name, issued_by, created_at_ms)
       values (?, ?, ?, ?, '', '', ?)`,
    )
    .run(id, keyId, grantee, JSON.stringify(operations), made)
  return id
}

describe('the grants that may let a caller do something', () => {
  it('are those to him, to the role that he has assumed and to his account, for that operation', async () => {
    const [session, role] = [`arn:aws:sts::${account}:assumed-role/reader/one`, iam('role/reader')]
    const his = [session, role, account, iam('root')].map((to) => put(to, ['Decrypt', 'Encrypt']))
    for (const to of [iam('user/other'), iam('role/reader-2'), iam('root', '222222222222')]) put(to, ['Encrypt'])
    for (const operation of ['Decrypt', 'ReEncryptTo']) put(session, [operation])
    put(session, ['Encrypt'], 'another key')
    const found = await table.grantsFor('key', { arn: session, roleArn: role, account, operation: 'Encrypt' })
    expect(found.map(({ grant_id }) => grant_id)).toEqual(his)
    const byArn = await table.grantsFor('key', { arn: role, account: '333333333333', operation: 'Encrypt' })
    expect(byArn.map(({ grant_id }) => grant_id)).toEqual([his[1]])
  })

  it('tell operations apart of which one’s name begins as another’s', async () => {
    const wanted = { arn: iam('user/maker'), account: '333333333333' }
    put(wanted.arn, ['GenerateDataKeyWithoutPlaintext'])
    expect(await table.grantsFor('key', { ...wanted, operation: 'GenerateDataKey' })).toEqual([])
    expect(await table.grantsFor('key', { ...wanted, operation: 'GenerateDataKeyWithoutPlaintext' })).toHaveLength(1)
  })
})
