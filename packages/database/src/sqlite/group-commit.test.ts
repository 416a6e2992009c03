import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { groupCommit } from './group-commit.ts'
import { openSqlite } from './open-sqlite.ts'
import type { WriteUnit } from '../ports.ts'

let folder: string
let path: string
let connection: DatabaseSync

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'group-commit-'))
  path = join(folder, 'data.db')
  connection = openSqlite({ path, mode: 'write', check: 'header' })
  connection.exec('create table items (id text primary key, body blob)')
})
afterEach(() => {
  connection.close()
  rmSync(folder, { recursive: true })
})

const insert = (id: string, bytes = 10): WriteUnit => ({
  statements: [{ sql: 'insert into items values (?, ?)', parameters: [id, new Uint8Array(bytes)], expectRows: 1 }],
  audit: [],
})
const count = () => connection.prepare('select count(*) as n from items').get()?.['n']
const pages = () => Number(connection.prepare('pragma page_count').get()?.['page_count'])

describe('a batch', () => {
  it('fails whole when the disk is full, leaves nothing behind, and the next one succeeds once there is room', () => {
    const commit = groupCommit({ connection, path })
    connection.exec(`pragma max_page_count = ${pages() + 3}`)
    const results = commit([insert('a'), insert('big', 100_000), insert('b')])
    for (const result of results) expect(result).toMatchObject({ code: 'unavailable', reason: 'disk_full' })
    expect([count(), connection.isTransaction]).toEqual([0, false])
    expect(commit([insert('small')])).toEqual(['committed'])
    connection.exec('pragma max_page_count = 100000')
    expect(commit([insert('big', 100_000)])).toEqual(['committed'])
    expect(count()).toBe(2)
  })

  it('fails whole when the file cannot be written', () => {
    connection.exec('pragma query_only = on')
    const commit = groupCommit({ connection, path })
    for (const result of commit([insert('a'), insert('b')]))
      expect(result).toMatchObject({ code: 'unavailable', reason: 'read_only' })
    connection.exec('pragma query_only = off')
    expect(commit([insert('a')])).toEqual(['committed'])
  })

  it('waits for another process and then says that it is locked', () => {
    const other = openSqlite({ path, mode: 'write', check: 'header' })
    connection.exec('pragma busy_timeout = 1')
    other.exec('begin immediate')
    const commit = groupCommit({ connection, path })
    expect(commit([insert('a')])[0]).toMatchObject({ code: 'unavailable', reason: 'busy' })
    other.exec('rollback')
    other.close()
    expect(commit([insert('a')])).toEqual(['committed'])
  })

  it('undoes all statements of a unit that conflicts', () => {
    const commit = groupCommit({ connection, path })
    const unit: WriteUnit = {
      statements: [
        ...insert('a').statements,
        { sql: 'delete from items where id = ?', parameters: ['x'], expectRows: 1 },
      ],
      audit: [],
    }
    expect(commit([unit, insert('b')])).toEqual(['conflict', 'committed'])
    expect(count()).toBe(1)
  })
})
