import { inspect } from 'node:util'
import type { AuditRecord } from '@keyplane/core'
import {
  type BeforeCommit,
  openPostgresWriter,
  type PostgresTimeouts,
  postgresReader,
  postgresServer,
  type Reader,
  type Writer,
  type WriteUnit,
} from '@keyplane/database'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CuttingProxy } from './cutting-proxy.ts'
import { ScratchServer } from './scratch-server.ts'

interface Tables {
  items: { id: string; revision: number; body: Uint8Array | null }
}

let server: ScratchServer
let database: string
let made = 0
const closing: (() => Promise<void> | void)[] = []
const timeouts: PostgresTimeouts = { connectMs: 2_000, statementMs: 2_000, lockMs: 1_000 }

beforeAll(async () => {
  server = await ScratchServer.start()
})
afterAll(() => server.stop())
beforeEach(async () => {
  database = `writer_${(made += 1)}`
  await server.createDatabase(database)
  await server.query(
    'create table items (id text collate "C" primary key, revision bigint not null, body bytea); create table batches (records bigint)',
    database,
  )
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const counting: BeforeCommit = {
  read: { sql: 'select 1 as one', parameters: [] },
  write: (_, audit) => [{ sql: 'insert into batches (records) values ($1)', parameters: [audit.length] }],
}

const start = async (port = server.port): Promise<Writer> => {
  const url = server.url(database).replace(`:${server.port}/`, `:${port}/`)
  const writer = await openPostgresWriter(postgresServer(url, timeouts), { onSession: async () => counting })
  closing.push(() => writer.close())
  return writer
}
const read = (): Reader<Tables> => {
  const reader = postgresReader<Tables>(postgresServer(server.url(database), timeouts))
  closing.push(() => reader.close())
  return reader
}
const throughProxy = async (): Promise<{ readonly writer: Writer; readonly proxy: CuttingProxy }> => {
  const proxy = new CuttingProxy(server.port)
  closing.push(() => proxy.close())
  return { proxy, writer: await start(await proxy.listen()) }
}

const record = (resource: string): AuditRecord => ({
  atMs: 0,
  actor: 'a',
  action: 'test:Write',
  resource,
  decision: 'allow',
  requestId: 'r',
})
const insert = (id: string): WriteUnit => ({
  statements: [{ sql: 'insert into items values ($1, 1)', parameters: [id], expectRows: 1 }],
  audit: [record(id)],
})
const update = (id: string, revision: number): WriteUnit => ({
  statements: [
    {
      sql: 'update items set revision = revision + 1 where id = $1 and revision = $2',
      parameters: [id, revision],
      expectRows: 1,
    },
  ],
  audit: [record(id)],
})
const ids = async () => (await server.query('select id from items order by id', database)).map(({ id }) => id)
const batches = async () => (await server.query('select records from batches', database)).map((row) => row['records'])

describe('a writer on PostgreSQL', () => {
  it('acknowledges a unit when another connection can read it, and gathers those that arrive together', async () => {
    const writer = await start()
    expect(await Promise.all(Array.from({ length: 50 }, (_, index) => writer.write(insert(`i${index}`))))).toEqual(
      Array.from({ length: 50 }, () => 'committed'),
    )
    expect([(await ids()).length, await batches()]).toEqual([50, ['50']])
  })

  it('answers conflict to a stale guard and a row that is there, and keeps the neighbours', async () => {
    const writer = await start()
    await writer.write(insert('a'))
    const outcomes = [insert('b'), update('a', 7), update('a', 1), insert('a'), insert('c')].map((unit) =>
      writer.write(unit),
    )
    expect(await Promise.all(outcomes)).toEqual(['committed', 'conflict', 'committed', 'conflict', 'committed'])
    expect([await ids(), await batches()]).toEqual([
      ['a', 'b', 'c'],
      ['1', '3'],
    ])
  })

  it('lets a malformed statement fail alone', async () => {
    const writer = await start()
    const malformed: WriteUnit = { statements: [{ sql: 'insert into nowhere values (1)', parameters: [] }], audit: [] }
    const results = await Promise.allSettled([insert('a'), malformed, insert('b')].map((unit) => writer.write(unit)))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await ids()).toEqual(['a', 'b'])
  })

  it('lets one of two writers of a row win, whichever comes first, many times over', async () => {
    const [one, other] = [await start(), await start()]
    await one.write(insert('a'))
    for (let revision = 1; revision <= 20; revision += 1) {
      const outcomes = await Promise.all([one.write(update('a', revision)), other.write(update('a', revision))])
      expect(outcomes.toSorted()).toEqual(['committed', 'conflict'])
    }
  })

  it('does not wait for another writer that has the same rows in another order', async () => {
    const [one, other] = [await start(), await start()]
    const names = Array.from({ length: 40 }, (_, index) => `n${index}`)
    await Promise.all(names.map((name) => one.write(insert(name))))
    const startedMs = performance.now()
    for (let revision = 1; revision <= 5; revision += 1) {
      const writes = names.map((name) => one.write(update(name, revision)))
      const backwards = names.toReversed().map((name) => other.write(update(name, revision)))
      const outcomes = await Promise.all([...writes, ...backwards])
      expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(40)
    }
    // A deadlock is only found after a second.
    expect(performance.now() - startedMs).toBeLessThan(4_000)
  })

  it('gives up a row that somebody holds, alone and after a bound', async () => {
    const writer = await start()
    await writer.write(insert('held'))
    const holding = server.query("begin; update items set revision = 9 where id = 'held'; select pg_sleep(3)", database)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const [held, free] = await Promise.allSettled([writer.write(update('held', 1)), writer.write(insert('free'))])
    expect(held).toMatchObject({ reason: { code: 'unavailable', reason: 'busy' } })
    expect(free).toMatchObject({ value: 'committed' })
    await holding
  })
})

describe('a connection that is lost', () => {
  it('while nothing is written is not noticed by the next write', async () => {
    const writer = await start()
    await writer.write(insert('a'))
    await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`)
    expect(await writer.write(insert('b'))).toBe('committed')
  })

  it('before its commit is replaced, and the batch written once', async () => {
    const { writer, proxy } = await throughProxy()
    proxy.cut = { text: 'commit', when: 'before' }
    await writer.write(insert('first')).catch(() => undefined)
    // A commit that was sent may have arrived, for all that its sender knows.
    proxy.cut = { text: 'savepoint unit', when: 'after' }
    expect(await Promise.all([writer.write(insert('a')), writer.write(insert('b'))])).toEqual([
      'committed',
      'committed',
    ])
    expect([proxy.cuts, await ids()]).toEqual([2, ['a', 'b']])
  })

  it.each([
    ['before', []],
    ['after', ['a']],
  ] as const)('during its commit leaves it open whether it is there (cut %s)', async (when, there) => {
    const { writer, proxy } = await throughProxy()
    proxy.cut = { text: 'commit', when }
    await expect(writer.write(insert('a'))).rejects.toMatchObject({ code: 'unavailable', reason: 'unknown_outcome' })
    expect(await ids()).toEqual(there)
    // Sent again, it conflicts where it was there, and nobody was told what was not so.
    expect(await writer.write(insert('a'))).toBe(there.length === 0 ? 'committed' : 'conflict')
    expect(await writer.write(insert('b'))).toBe('committed')
  })

  it('is told when the server does not answer, and the next batch goes on once it does', async () => {
    const writer = await start()
    const reader = read()
    await writer.write(insert('a'))
    const query = reader.query.selectFrom('items').selectAll().compile()
    expect(await reader.all(query)).toHaveLength(1)
    server.pause()
    try {
      const [write, look] = await Promise.allSettled([writer.write(insert('b')), reader.all(query)])
      expect(write).toMatchObject({ reason: { code: 'timeout' } })
      expect(look).toMatchObject({ reason: { code: 'timeout' } })
    } finally {
      server.resume()
    }
    expect(await writer.write(insert('c'))).toBe('committed')
    expect((await reader.all(query)).map(({ id }) => id)).toContain('c')
  })

  it('is no absence when the server was killed, and all that was acknowledged is there when it is back', async () => {
    const writer = await start()
    const reader = read()
    const acknowledged: string[] = []
    const storm = Promise.allSettled(
      Array.from({ length: 300 }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, index * 3))
        await writer.write(insert(`s${index}`))
        acknowledged.push(`s${index}`)
      }),
    )
    await new Promise((resolve) => setTimeout(resolve, 400))
    await server.kill()
    const failed = (await storm).filter(({ status }) => status === 'rejected')
    expect(failed.length).toBeGreaterThan(0)
    for (const each of failed) expect(each).toMatchObject({ reason: { code: 'unavailable' } })
    const query = reader.query.selectFrom('items').select('id').compile()
    await expect(reader.all(query)).rejects.toMatchObject({ code: 'unavailable' })
    await server.launch()
    expect(await writer.write(insert('after'))).toBe('committed')
    const found = new Set((await reader.all(query)).map(({ id }) => id))
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([])
    expect(acknowledged.length).toBeGreaterThan(10)
  })
})

describe('a reader on PostgreSQL', () => {
  it('gives numbers, bytes and null as SQLite does, and the order of bytes', async () => {
    await server.query(
      String.raw`insert into items values ('a', 9007199254740991, '\x00ff'), ('B', 2, null), ('é', 3, '\x')`,
      database,
    )
    const reader = read()
    const rows = await reader.all(reader.query.selectFrom('items').selectAll().orderBy('id').compile())
    expect(rows).toEqual([
      { id: 'B', revision: 2, body: null },
      { id: 'a', revision: 9_007_199_254_740_991, body: Uint8Array.of(0, 255) },
      { id: 'é', revision: 3, body: new Uint8Array() },
    ])
    expect(rows[1]?.body?.constructor).toBe(Uint8Array)
    await server.query('update items set revision = 9007199254740993', database)
    await expect(reader.all(reader.query.selectFrom('items').selectAll().compile())).rejects.toMatchObject({
      code: 'integrity',
    })
  })

  it('shows one moment in a snapshot and in a stream, and can write nothing', async () => {
    const writer = await start()
    const reader = read()
    for (let index = 0; index < 1_200; index += 1) void writer.write(insert(`i${index}`))
    await writer.write(insert('last'))
    const query = reader.query.selectFrom('items').select('id').compile()
    const counted = await reader.stream(async (rows) => {
      const counts: number[] = []
      for (let look = 0; look < 2; look += 1) {
        let count = 0
        for await (const row of rows(query)) count += row.id === '' ? 0 : 1
        counts.push(count)
        await writer.write(insert(`later${look}`))
      }
      return counts
    })
    expect(counted).toEqual([1_201, 1_201])
    const [one, two] = await reader.snapshot([query, query])
    expect([one.length, two.length]).toEqual([1_203, 1_203])
    await expect(reader.query.deleteFrom('items').execute()).rejects.toThrow(/read-only/)
  })

  it('leaves no connection behind when it is closed', async () => {
    const reader = postgresReader<Tables>(postgresServer(server.url(database), timeouts))
    await reader.all(reader.query.selectFrom('items').select('id').compile())
    await reader.close()
    const query = `select pid from pg_stat_activity where datname = '${database}'`
    for (let look = 0; look < 20 && (await server.query(query)).length > 0; look += 1)
      await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await server.query(query)).toEqual([])
  })

  it('asks again over another connection when its own was cut', async () => {
    const reader = read()
    const query = reader.query.selectFrom('items').select('id').compile()
    await reader.all(query)
    await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`)
    expect(await reader.all(query)).toEqual([])
  })
})

describe('a server that may lose what it acknowledges', () => {
  it.each(['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'])('is refused: %s', async (setting) => {
    const careless = await ScratchServer.start({ settings: [setting] })
    try {
      await expect(openPostgresWriter(postgresServer(careless.url()))).rejects.toMatchObject({
        code: 'source_misconfigured',
        reason: 'not_durable',
      })
    } finally {
      await careless.stop()
    }
  })

  it('is refused by the database’s own settings too; a setting that is changed later does not reach a session', async () => {
    const writer = await start()
    await server.query(`alter database ${database} set synchronous_commit = off`)
    await expect(start()).rejects.toMatchObject({ reason: 'not_durable' })
    expect(await writer.write(insert('a'))).toBe('committed')
  })
})

describe('a login', () => {
  it('that is refused, or to a database that is not there, is no absence and shows no password', async () => {
    const wrong = server.url(database).replace('superuser-pass', 'other-pass')
    for (const [url, reason] of [
      [wrong, 'refused_login'],
      [server.url('nowhere'), 'missing'],
    ] as const) {
      const error: unknown = await openPostgresWriter(postgresServer(url)).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'source_misconfigured', reason })
      expect(inspect(error, { depth: 9 })).not.toContain('-pass')
    }
  })
})
