import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SecretsError } from '@keyplane/core'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite } from './open-sqlite.ts'
import { sqliteReader } from './reader.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'open-sqlite-'))
  path = join(folder, 'data', 'store.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (mode: 'read' | 'write' = 'write') => openSqlite({ path, mode, check: 'quick' })
const failure = (act: () => unknown): { code?: string; reason?: string } => {
  try {
    act()
    return {}
  } catch (error) {
    return error as { code: string; reason: string }
  }
}
const permissions = (file: string) => (statSync(file).mode & 0o777).toString(8)
const makeLarge = () => {
  const connection = open()
  connection.exec('create table t (id integer primary key, body text)')
  const insert = connection.prepare('insert into t (body) values (?)')
  for (let index = 0; index < 500; index += 1) insert.run('x'.repeat(200))
  connection.close()
}

describe('a query through Kysely', () => {
  it('that fails names the file and the kind of failure', async () => {
    open().close()
    const reader = sqliteReader<{ t: { a: string } }>(open('read'), path)
    const write = sql`create table t (a)`.execute(reader.query)
    await expect(write).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(path) })
    await expect(reader.query.selectFrom('t').selectAll().execute()).rejects.toBeInstanceOf(SecretsError)
    await reader.close()
  })
})

describe('openSqlite', () => {
  it('makes the file and its companions readable by their owner only', () => {
    const connection = open()
    connection.exec('create table t (a)')
    expect([permissions(path), permissions(`${path}-wal`), permissions(join(folder, 'data'))]).toEqual([
      '600',
      '600',
      '700',
    ])
    connection.close()
  })

  it('syncs every commit, keeps foreign keys and a write-ahead log', () => {
    const connection = open()
    const pragma = (name: string) => Object.values(connection.prepare(`pragma ${name}`).get() ?? {})[0]
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual(['wal', 2, 1])
    connection.close()
  })

  it('does not make a file to read from', () => {
    expect(failure(() => open('read'))).toMatchObject({ code: 'source_misconfigured', reason: 'missing' })
    expect(readdirSync(folder)).toEqual([])
  })

  it('reads beside a writer and sees what it committed', () => {
    const writer = open()
    writer.exec('create table t (a); insert into t values (1)')
    const reader = open('read')
    writer.exec('insert into t values (2)')
    expect(reader.prepare('select count(*) as n from t').get()?.['n']).toBe(2)
    expect(failure(() => reader.exec('insert into t values (3)'))).toMatchObject({ errcode: 8 })
    reader.close()
    writer.close()
  })

  it('tells a file that is no database, and leaves it as it is', () => {
    mkdirSync(join(folder, 'data'))
    writeFileSync(path, 'this is not a database, but a letter to a friend')
    expect(failure(open)).toMatchObject({ code: 'source_misconfigured', reason: 'not_a_database' })
    expect(readFileSync(path, 'utf8')).toMatch(/^this is not/)
  })

  it('tells a damaged page and a truncated file', () => {
    makeLarge()
    const whole = readFileSync(path)
    const damaged = Buffer.from(whole)
    damaged.fill(0xa5, 4096 * 5, 4096 * 6)
    writeFileSync(path, damaged)
    expect(failure(open)).toMatchObject({ code: 'integrity', reason: 'damaged' })
    writeFileSync(path, whole)
    truncateSync(path, 4096 * 3)
    expect(failure(open)).toMatchObject({ code: 'integrity', reason: 'damaged' })
  })

  it('tells a folder in the place of the file', () => {
    mkdirSync(path, { recursive: true })
    expect(failure(open)).toMatchObject({ code: 'source_misconfigured', reason: 'unreadable' })
  })

  it('tells a file that another process holds', () => {
    makeLarge()
    const other = new DatabaseSync(path)
    other.exec('pragma locking_mode = exclusive; begin exclusive')
    expect(failure(() => openSqlite({ path, mode: 'write', check: 'quick', busyTimeoutMs: 1 }))).toMatchObject({
      code: 'unavailable',
      reason: 'busy',
    })
    other.close()
  })
})
