import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@keyplane/core'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Reader } from '../ports.ts'
import { openSqlite } from '../sqlite/open-sqlite.ts'
import { sqliteReader } from '../sqlite/reader.ts'
import { writeBackup } from './write-backup.ts'

let folder: string
let reader: Reader<unknown>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'write-backup-'))
  const path = join(folder, 'source.db')
  const connection = openSqlite({ path, mode: 'write', check: 'header' })
  connection.exec('create table t (a); insert into t values (1), (2)')
  reader = sqliteReader(connection, path)
})
afterEach(async () => {
  await reader.close()
  rmSync(folder, { recursive: true })
})

const diskFull = () => Object.assign(new Error('write'), { code: 'ENOSPC' })
const backUp = (path: string, onProgress?: () => void) =>
  writeBackup(reader, { path, random: systemRandom, nowMs: 0, ...(onProgress && { onProgress }) })

describe('a backup', () => {
  it('onto a full disk names its own file, and the source goes on', async () => {
    const path = join(folder, 'backup')
    const full = backUp(path, () => {
      throw diskFull()
    })
    await expect(full).rejects.toMatchObject({
      code: 'unavailable',
      reason: 'disk_full',
      message: `${JSON.stringify(path)} cannot be written: the disk is full.`,
    })
    expect(readdirSync(folder).filter((name) => name.includes('backup'))).toEqual([])
    expect((await backUp(path)).rows).toBe(2)
  })

  it('is told of what failed first, where SQLite has ended the transaction by itself', async () => {
    const ended = reader.stream(async () => {
      await reader.all(sql`rollback`.compile(reader.query))
      throw diskFull()
    })
    await expect(ended).rejects.toMatchObject({ code: 'ENOSPC' })
  })

  it('of a database that fails names the database', async () => {
    const query = sql`select * from absent`.compile(reader.query)
    const read = reader.stream(async (rows) => {
      for await (const row of rows(query)) expect(row).toBeUndefined()
    })
    await expect(read).rejects.toMatchObject({
      message: `The database ${JSON.stringify(join(folder, 'source.db'))} failed: SQL logic error (SQLite error 1).`,
    })
  })

  it('replaces a backup where it may, and never what is none: the database itself, a key, an empty file', async () => {
    const [earlier, key, empty, link] = ['earlier', 'root.key', 'empty', 'link'].map((name) => join(folder, name))
    const replacing = (path = '') => writeBackup(reader, { path, random: systemRandom, nowMs: 0, replace: true })
    await replacing(earlier)
    expect((await replacing(earlier)).rows).toBe(2)
    writeFileSync(key ?? '', 'k'.repeat(32))
    writeFileSync(empty ?? '', '')
    symlinkSync(key ?? '', link ?? '')
    const database = readFileSync(join(folder, 'source.db'))
    for (const path of [join(folder, 'source.db'), key, empty, link])
      await expect(replacing(path)).rejects.toMatchObject({ code: 'config_invalid' })
    expect(readFileSync(join(folder, 'source.db')).equals(database)).toBe(true)
    expect(readFileSync(key ?? '', 'utf8')).toBe('k'.repeat(32))
  })

  it('wants a folder that is there and a place for a file', async () => {
    await expect(backUp(join(folder, 'nowhere', 'x'))).rejects.toMatchObject({
      code: 'source_misconfigured',
      message: `The folder ${JSON.stringify(join(folder, 'nowhere'))} is not there.`,
    })
    mkdirSync(join(folder, 'inner'))
    for (const path of ['-', '', folder, join(folder, 'inner/'), join(folder, 'absent/'), '/dev/null'])
      await expect(backUp(path)).rejects.toMatchObject({ code: 'config_invalid' })
  })
})
