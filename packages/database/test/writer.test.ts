import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import type { AuditRecord } from '@keyplane/core'
import {
  lendWriter,
  openSqlite,
  openWriter,
  type SharedWriter,
  type Writer,
  type WriterOptions,
  writerOver,
  type WriteUnit,
} from '@keyplane/database'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

let folder: string
let path: string
let reader: DatabaseSync
const writers: Writer[] = []

const start = async (thread: string, options: Partial<WriterOptions> = {}): Promise<SharedWriter> => {
  const writer = await openWriter({ path, thread: new URL(thread, import.meta.url), ...options })
  writers.push(writer)
  return writer
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writer-'))
  path = join(folder, 'data.db')
  const setup = openSqlite({ path, mode: 'write', check: 'header' })
  setup.exec(
    'create table items (id text primary key, revision integer not null); create table batches (records integer)',
  )
  setup.close()
  reader = new DatabaseSync(path)
})
afterEach(async () => {
  await Promise.all(writers.splice(0).map((writer) => writer.close()))
  reader.close()
  rmSync(folder, { recursive: true })
})

const record = (action: string): AuditRecord => ({
  atMs: 0,
  actor: 'a',
  action,
  resource: '',
  decision: 'allow',
  requestId: 'r',
})
const insert = (id: string, action = 'test:Insert'): WriteUnit => ({
  statements: [{ sql: 'insert into items values (?, 1)', parameters: [id], expectRows: 1 }],
  audit: [record(action)],
})
const ids = () =>
  reader
    .prepare('select id from items order by id')
    .all()
    .map((row) => row['id'])
const batches = () =>
  reader
    .prepare('select records from batches')
    .all()
    .map((row) => row['records'])

describe('a writer', () => {
  it('acknowledges a unit when another connection can read it', async () => {
    const writer = await start('./counting-writer.ts')
    expect(await writer.write(insert('a'))).toBe('committed')
    expect(ids()).toEqual(['a'])
  })

  it('commits the units of many callers together, in the order in which they came', async () => {
    const writer = await start('./counting-writer.ts')
    await Promise.all(Array.from({ length: 50 }, (_, index) => writer.write(insert(`i${index}`))))
    expect(batches()).toEqual([50])
    expect(reader.prepare('select id from items order by rowid').all()[49]).toMatchObject({ id: 'i49' })
  })

  it('gathers what arrives during a commit into the next one', async () => {
    const writer = await start('./counting-writer.ts')
    const first = writer.write(insert('first'))
    await setImmediate()
    const rest = Array.from({ length: 9 }, (_, index) => writer.write(insert(`i${index}`)))
    await Promise.all([first, ...rest])
    expect(batches()).toEqual([1, 9])
  })

  it('never commits more than its limit at once', async () => {
    const writer = await start('./counting-writer.ts', { maxBatch: 10 })
    await Promise.all(Array.from({ length: 25 }, (_, index) => writer.write(insert(`i${index}`))))
    expect(batches()).toEqual([10, 10, 5])
  })

  it('answers conflict to a stale guard and keeps its neighbours, without a record of the refused', async () => {
    const writer = await start('./counting-writer.ts')
    await writer.write(insert('a'))
    const guarded = (revision: number): WriteUnit => ({
      statements: [
        { sql: 'insert into items values (?, 1)', parameters: [`by-${revision}`] },
        {
          sql: 'update items set revision = revision + 1 where id = ? and revision = ?',
          parameters: ['a', revision],
          expectRows: 1,
        },
      ],
      audit: [record('test:Update')],
    })
    const outcomes = await Promise.all([writer.write(insert('b')), writer.write(guarded(7)), writer.write(guarded(1))])
    expect(outcomes).toEqual(['committed', 'conflict', 'committed'])
    expect(ids()).toEqual(['a', 'b', 'by-1'])
    expect(batches()).toEqual([1, 2])
  })

  it('answers conflict to a row that is there already', async () => {
    const writer = await start('./counting-writer.ts')
    expect(await Promise.all([writer.write(insert('a')), writer.write(insert('a'))])).toEqual(['committed', 'conflict'])
  })

  it('writes nothing of a batch whose records cannot be kept, and goes on with the next', async () => {
    const writer = await start('./counting-writer.ts')
    expect(await writer.write(insert('first'))).toBe('committed')
    const [refused, neighbour] = await Promise.allSettled([
      writer.write(insert('a', 'test:Refuse')),
      writer.write(insert('b')),
    ])
    expect([refused?.status, neighbour?.status]).toEqual(['rejected', 'rejected'])
    expect(await writer.write(insert('c'))).toBe('committed')
    expect(ids()).toEqual(['c', 'first'])
  })

  it('lets a malformed statement fail alone', async () => {
    const writer = await start('./counting-writer.ts')
    const malformed: WriteUnit = { statements: [{ sql: 'insert into nowhere values (1)', parameters: [] }], audit: [] }
    const results = await Promise.allSettled([
      writer.write(insert('a')),
      writer.write(malformed),
      writer.write(insert('b')),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { code: 'internal' } })
    expect(ids()).toEqual(['a', 'b'])
  })

  it('refuses more than may wait, and loses none of those that do', async () => {
    const writer = await start('./counting-writer.ts', { maxQueued: 3 })
    const results = await Promise.allSettled(Array.from({ length: 6 }, (_, index) => writer.write(insert(`i${index}`))))
    expect(results.map(({ status }) => status).join()).toBe('fulfilled,fulfilled,fulfilled,rejected,rejected,rejected')
    expect(results[5]).toMatchObject({ reason: { code: 'rate_limited', reason: 'write_queue_full' } })
    expect(ids()).toEqual(['i0', 'i1', 'i2'])
  })

  it('writes what it accepted before it closes, and refuses what comes later', async () => {
    const writer = await start('./counting-writer.ts')
    const accepted = Array.from({ length: 5 }, (_, index) => writer.write(insert(`i${index}`)))
    const closed = writer.close()
    await expect(writer.write(insert('late'))).rejects.toMatchObject({ code: 'closed' })
    expect(await Promise.all(accepted)).toEqual(Array.from({ length: 5 }, () => 'committed'))
    await closed
    expect([ids().length, writer.alive]).toEqual([5, false])
  })

  it('fails every waiting call when its thread dies, and every later one', async () => {
    const writer = await start('./dying-writer.ts')
    const results = await Promise.allSettled([writer.write(insert('a')), writer.write(insert('b'))])
    for (const result of results)
      expect(result).toMatchObject({ reason: { code: 'unavailable', reason: 'writer_died' } })
    await expect(writer.write(insert('c'))).rejects.toMatchObject({ reason: 'writer_died' })
    expect([ids(), writer.alive]).toEqual([[], false])
  })

  it('says at start what is wrong with its file', async () => {
    const thread = new URL('./counting-writer.ts', import.meta.url)
    await expect(openWriter({ path: folder, thread })).rejects.toMatchObject({ code: 'source_misconfigured' })
  })
})

describe('several writers of one thread', () => {
  it('share a commit, whatever each of them sent', async () => {
    const writer = await start('./counting-writer.ts')
    const others = Array.from({ length: 20 }, () => writerOver(writer.connect()))
    // Nobody can commit until all have sent theirs.
    reader.exec('begin immediate')
    const written = others.map((other, index) => other.write(insert(`i${index}`)))
    await setImmediate()
    await setImmediate()
    reader.exec('commit')
    expect(new Set(await Promise.all(written))).toEqual(new Set(['committed']))
    // The thread may have begun with the first before the second was sent.
    expect(batches().length).toBeLessThanOrEqual(2)
    await Promise.all(others.map((other) => other.close()))
  })

  it('are told their own outcomes', async () => {
    const writer = await start('./counting-writer.ts')
    const [left, right] = [writerOver(writer.connect()), writerOver(writer.connect())]
    const outcomes = await Promise.all([
      left.write(insert('a')),
      right.write(insert('b')),
      right.write(insert('b')),
      left.write(insert('c')),
    ])
    expect(outcomes).toEqual(['committed', 'committed', 'conflict', 'committed'])
    await Promise.all([left.close(), right.close()])
  })

  it('close one by one', async () => {
    const writer = await start('./counting-writer.ts')
    const other = writerOver(writer.connect())
    await other.close()
    await expect(other.write(insert('a'))).rejects.toMatchObject({ code: 'closed' })
    expect(await writer.write(insert('b'))).toBe('committed')
  })

  it('all fail when their thread dies', async () => {
    const writer = await start('./dying-writer.ts')
    const other = writerOver(writer.connect())
    await expect(other.write(insert('a'))).rejects.toMatchObject({ reason: 'writer_died' })
    await expect(writer.write(insert('b'))).rejects.toMatchObject({ reason: 'writer_died' })
    expect(other.alive).toBe(false)
    await vi.waitFor(() =>
      expect(() => writer.connect()).toThrow(expect.objectContaining({ reason: 'writer_died' }) as Error),
    )
  })
})

describe('a writer that is lent', () => {
  it('commits what came over its port, and tells each unit its own outcome', async () => {
    const writer = await start('./counting-writer.ts')
    const borrowed = writerOver(lendWriter(writer))
    const malformed: WriteUnit = { statements: [{ sql: 'no statement', parameters: [] }], audit: [] }
    const outcomes = await Promise.allSettled([
      borrowed.write(insert('a')),
      borrowed.write(insert('a')),
      borrowed.write(malformed),
    ])
    expect(outcomes).toMatchObject([{ value: 'committed' }, { value: 'conflict' }, { reason: { code: 'internal' } }])
    expect(ids()).toEqual(['a'])
    await borrowed.close()
    expect(await writer.write(insert('b'))).toBe('committed')
  })

  it('fails as the one behind it does', async () => {
    const writer = await start('./dying-writer.ts')
    const borrowed = writerOver(lendWriter(writer))
    await expect(borrowed.write(insert('a'))).rejects.toMatchObject({ code: 'unavailable', reason: 'writer_died' })
    await borrowed.close()
  })
})
