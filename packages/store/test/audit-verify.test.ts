import { DatabaseSync } from 'node:sqlite'
import { newChain, nextLink, hashHead } from '@keyplane/audit'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { auditTail, verifyAudit } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engine } from './test-database.ts'
import { TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(async () => {
  await store.start()
  await store.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
  for (let read = 0; read < 4; read += 1) await store.ok('GetSecretValue', { SecretId: 'one' })
  await store.stop()
})
afterAll(() => store.remove())

/** What `look` finds in a copy of the store that was edited with plain SQL. */
const edited = async <T>(statements: readonly string[], look: (databasePath: string) => Promise<T>): Promise<T> => {
  const copy = new TestStore()
  new DatabaseSync(store.databasePath).exec(`vacuum into '${copy.databasePath}'`)
  const database = new DatabaseSync(copy.databasePath)
  database.exec('pragma foreign_keys = off')
  for (const statement of statements) database.exec(statement)
  database.close()
  try {
    return await look(copy.databasePath)
  } finally {
    await copy.remove()
  }
}

const rootKey = () => fileRootKey({ path: store.rootKeyPath, random: systemRandom })
const problems = (...statements: string[]) =>
  edited(statements, async (databasePath) =>
    (await verifyAudit({ databasePath })).map(({ verdict: found }) => (found.ok ? 'none' : found.problem)),
  )

const lastOfLink = '(select first_record + record_count - 1 from audit_links where seq = 3)'
const rewind = [
  `delete from audit_records where seq > ${lastOfLink}`,
  'delete from audit_links where seq > 3',
  `update audit_chains set seq = 3, records = ${lastOfLink}, hash = (select hash from audit_links where seq = 3)`,
]

const verdict = (...statements: string[]) =>
  edited(statements, async (databasePath) => (await verifyAudit({ databasePath }))[0]?.verdict)

describe.runIf(engine === 'sqlite')('verifyAudit', () => {
  it('accepts what nobody has edited', async () => {
    expect(await verdict()).toMatchObject({ ok: true })
  })

  it('tells the place of a detail that is no longer what was written, whatever it is', async () => {
    for (const detail of ['{', '{"a":5}', '[1]', 'null', '5', ''])
      expect(await verdict(`update audit_records set detail = '${detail}' where seq = 3`)).toMatchObject({
        ok: false,
        problem: 'records_altered',
        record: 3,
      })
  })

  it('tells of a member that was put in front of one of the same name', async () => {
    expect(
      await verdict(
        `update audit_records set detail = '{"VersionId":"forged",' || substr(detail, 2) where detail like '{"VersionId%'`,
      ),
    ).toMatchObject({ ok: false, problem: 'records_altered' })
  })

  it('tells of a column of another type, wherever it is', async () => {
    for (const column of ['actor', 'action', 'resource', 'decision', 'request_id', 'detail', 'at_ms'])
      expect(await verdict(`update audit_records set ${column} = x'00ff' where seq = 3`)).toMatchObject({
        problem: 'records_altered',
        record: 3,
      })
    for (const column of ['first_record', 'record_count', 'records_hash', 'previous_hash', 'hash'])
      for (const value of ["'zz'", "x'00'", '7', '9223372036854775807', '0.5'])
        expect(await verdict(`update audit_links set ${column} = ${value} where seq = 3`)).toMatchObject({ ok: false })
    for (const column of ['seq', 'records', 'hash'])
      for (const value of ["'zz'", "x'00'", '7', '9223372036854775807'])
        expect(await verdict(`update audit_chains set ${column} = ${value}`)).toMatchObject({ ok: false })
    for (const value of ["'zz'", "x'00'", '9223372036854775807'])
      expect(await verdict(`update audit_records set seq = ${value} where seq = 3`)).toMatchObject({ ok: false })
  })
})

describe.runIf(engine === 'sqlite')('a removed log', () => {
  it('is told of, with its registration or without', async () => {
    const [records, links, chains] = ['audit_records', 'audit_links', 'audit_chains'].map(
      (table) => `delete from ${table}`,
    )
    if (!records || !links || !chains) throw new Error('three tables')
    expect(await problems(records, links, chains)).toEqual(['chain_missing'])
    expect(await problems(chains)).toEqual(['chain_unregistered'])
    expect(await problems(records, chains)).toEqual(['chain_unregistered'])
    expect(await problems(records, links)).toEqual(['end_missing'])
  })

  it('is told of when a new, empty one is in its place', async () => {
    const { chainId, hash } = newChain('forged')
    const hex = (bytes: Uint8Array) => `x'${Buffer.from(bytes).toString('hex')}'`
    const chain = `update audit_chains set chain_id = '${chainId}', seq = 0, records = 0, hash = ${hex(hash)}`
    const seal = `update audit_chains set head_hash = ${hex(hashHead(newChain('forged')))}`
    expect(await problems('delete from audit_records', 'delete from audit_links', chain, seal)).toEqual(['end_missing'])
  })

  it('is told of when records of another chain stand beside it', async () => {
    expect(
      await problems(
        "insert into audit_links select 'other', seq, first_record, record_count, records_hash, previous_hash, hash from audit_links",
      ),
    ).toEqual(['none', 'chain_unregistered'])
  })

  it('is told of when its end was set back to an earlier link', async () => {
    expect(await problems(...rewind)).toEqual(['end_altered'])
  })
})

describe.runIf(engine === 'sqlite')('verifyAudit with the root key', () => {
  const sealed = (databasePath: string) => verifyAudit({ databasePath, rootKey: rootKey() })

  it('accepts what nobody has edited, and refuses another root key', async () => {
    expect(await edited([], sealed)).toMatchObject([{ verdict: { ok: true } }])
    const other = new TestStore()
    const wrong = fileRootKey({ path: other.rootKeyPath, random: systemRandom })
    await wrong.open()
    await expect(edited([], (databasePath) => verifyAudit({ databasePath, rootKey: wrong }))).rejects.toMatchObject({
      reason: 'wrong_root_key',
    })
    await other.remove()
  })

  it('tells of a log that was made anew with every hash', async () => {
    const forged = await edited([], async (databasePath) => {
      const database = new DatabaseSync(databasePath)
      const [first] = await auditTail({ databasePath, limit: 1, after: 0 })
      const id = String(database.prepare('select chain_id from audit_chains').get()?.['chain_id'])
      if (!first) throw new Error('no record')
      const { link, head } = nextLink(newChain(id), [first.record])
      database.exec('delete from audit_records where seq > 1; delete from audit_links')
      database
        .prepare('insert into audit_links values (?, 1, 1, 1, ?, ?, ?)')
        .run(id, link.recordsHash, link.previousHash, link.hash)
      database
        .prepare('update audit_chains set seq = 1, records = 1, hash = ?, head_hash = ?')
        .run(head.hash, hashHead(head))
      database.close()
      return [await verifyAudit({ databasePath }), await sealed(databasePath)]
    })
    expect(forged).toMatchObject([[{ verdict: { ok: true } }], [{ verdict: { problem: 'end_altered' } }]])
  })

  it('still tells of it after the store has gone on', async () => {
    const copy = new TestStore()
    await copy.start()
    await copy.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
    for (let read = 0; read < 4; read += 1) await copy.ok('GetSecretValue', { SecretId: 'one' })
    const database = new DatabaseSync(copy.databasePath)
    for (const statement of rewind) database.exec(statement)
    database.close()
    expect((await copy.call('GetSecretValue', { SecretId: 'one' })).status).toBe(200)
    await copy.stop()
    const { databasePath, rootKeyPath } = copy
    const key = fileRootKey({ path: rootKeyPath, random: systemRandom })
    for (const options of [{ databasePath }, { databasePath, rootKey: key }])
      expect(await verifyAudit(options)).toMatchObject([{ verdict: { problem: 'end_altered' } }])
    await copy.remove()
  })

  it('accepts a store of an earlier version once it was started', async () => {
    const old = new TestStore()
    await old.start()
    await old.ok('CreateSecret', { Name: 'one', SecretString: 'first' })
    await old.stop()
    const database = new DatabaseSync(old.databasePath)
    database.exec("delete from kysely_migration where name >= '0002'")
    for (const order of ['created_at_ms', 'changed_at_ms', 'accessed_at_ms', 'name'])
      database.exec(`drop index active_secrets_by_${order}`)
    for (const column of ['type', 'tagged', 'primary_region', 'replica_of', 'primary_arn', 'primary_status'])
      database.exec(`alter table secrets drop column ${column}`)
    for (const column of ['description', 'policy', 'deletion_at_ms', 'rotates'])
      database.exec(`alter table kms_keys drop column ${column}`)
    for (const table of [
      'secret_policies',
      'secret_replicas',
      'kms_aliases',
      'kms_grants',
      'kms_tags',
      'secret_rotations',
      'rotations',
    ])
      database.exec(`drop table ${table}`)
    for (const column of ['head_hash', 'head_mac']) database.exec(`alter table audit_chains drop column ${column}`)
    database.close()
    const { databasePath, rootKeyPath } = old
    expect(await verifyAudit({ databasePath })).toMatchObject([{ verdict: { problem: 'end_altered' } }])
    await old.start()
    expect((await old.ok('GetSecretValue', { SecretId: 'one' }))['SecretString']).toBe('first')
    const key = fileRootKey({ path: rootKeyPath, random: systemRandom })
    expect(await verifyAudit({ databasePath, rootKey: key })).toMatchObject([{ verdict: { ok: true } }])
    await old.remove()
  })
})

describe.runIf(engine === 'sqlite')('auditTail', () => {
  it('shows the other records, and that one was altered', async () => {
    const records = await edited(
      [`update audit_records set detail = '{', actor = x'00' where seq = 3`],
      (databasePath) => auditTail({ databasePath }),
    )
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
    expect(records[2]?.record.detail).toEqual({ Error: 'This record was altered.' })
  })
})
