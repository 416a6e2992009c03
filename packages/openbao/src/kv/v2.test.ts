import { SecretsError } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { OpenBaoAnswer } from '../answer.ts'
import type { OpenBaoCall } from '../client-contract.ts'
import { type KvV2, kvV2 } from './v2.ts'

type Reply = object | SecretsError

const absent = new SecretsError('secret_not_found', 'absent')

const start = (reply: (call: OpenBaoCall) => Reply, mount?: string): { kv: KvV2; asked: string[] } => {
  const asked: string[] = []
  const call = async (one: OpenBaoCall): Promise<OpenBaoAnswer> => {
    const query = new URLSearchParams(one.query).toString()
    asked.push(`${one.method} ${one.path}${query && `?${query}`}${one.body ? ` ${JSON.stringify(one.body)}` : ''}`)
    const body = reply(one)
    if (body instanceof SecretsError) throw body
    return new OpenBaoAnswer({ status: 200, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) }, 0)
  }
  return { kv: kvV2({ client: { call }, clock: fakeClock(), ...(mount === undefined ? {} : { mount }) }), asked }
}

const written = { created_time: '2026-11-22T03:50:12.147214745Z', deletion_time: '', destroyed: false, version: 3 }
const mounted = (type: string, version: string | null): object => ({ data: { type, options: version && { version } } })

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )

const all = async (kv: KvV2, prefix: string): Promise<string[]> => {
  const paths: string[] = []
  for await (const path of kv.list(prefix)) paths.push(path)
  return paths
}

describe('a KV mount', () => {
  it('is asked at its paths, encoded', async () => {
    const { kv, asked } = start(
      ({ path }) =>
        path.includes('/metadata/')
          ? { data: { current_version: 3, updated_time: written.created_time, versions: {} } }
          : { data: { data: { a: '1' }, metadata: written, ...written } },
      '/team/kv/',
    )
    await kv.read('a b/c')
    await kv.read('c', { version: 2 })
    await kv.write('c', { a: '1' })
    await kv.write('c', { a: '1' }, { cas: 0 })
    await kv.metadata('c')
    await kv.deleteCurrent('c')
    await kv.undelete('c', [1])
    await kv.destroy('c', [1, 2])
    await kv.deleteAll('c')
    expect(asked).toEqual([
      'GET team/kv/data/a%20b/c',
      'GET team/kv/data/c?version=2',
      'POST team/kv/data/c {"data":{"a":"1"}}',
      'POST team/kv/data/c {"data":{"a":"1"},"options":{"cas":0}}',
      'GET team/kv/metadata/c',
      'DELETE team/kv/data/c',
      'POST team/kv/undelete/c {"versions":[1]}',
      'PUT team/kv/destroy/c {"versions":[1,2]}',
      'DELETE team/kv/metadata/c',
    ])
  })

  it('shows no value where a version is printed', async () => {
    const { kv } = start(() => ({ data: { data: { a: 'canary' }, metadata: written } }))
    const version = await kv.read('a')
    expect(version.fields.reveal()).toEqual({ a: 'canary' })
    expect(`${inspect(version, { depth: 9, showHidden: true })}${JSON.stringify(version)}`).not.toContain('canary')
  })

  it('tells versions that are deleted, destroyed, or only to be deleted later', async () => {
    const created_time = '2025-01-01T00:00:00Z'
    const { kv } = start(() => ({
      data: {
        current_version: 4,
        updated_time: '2025-06-01T00:00:00Z',
        custom_metadata: { owner: 'team' },
        versions: {
          4: { created_time, deletion_time: '2099-01-01T00:00:00Z', destroyed: false },
          3: { created_time, deletion_time: '2025-02-01T00:00:00Z', destroyed: false },
          2: { created_time, deletion_time: '', destroyed: true },
        },
      },
    }))
    const metadata = await kv.metadata('a')
    const createdAtMs = Date.parse(created_time)
    expect([...metadata.versions]).toEqual([
      [2, { createdAtMs, destroyed: true }],
      [3, { createdAtMs, destroyed: false, deletedAtMs: Date.parse('2025-02-01T00:00:00Z') }],
      [4, { createdAtMs, destroyed: false }],
    ])
    expect(metadata).toMatchObject({ currentVersion: 4, customMetadata: { owner: 'team' } })
  })

  it.each([
    {},
    { data: { data: 'x', metadata: written } },
    { data: { data: {}, metadata: { ...written, version: 0 } } },
    { data: { data: {}, metadata: { ...written, created_time: 'soon' } } },
  ])('that answers %j makes no sense', async (body) => {
    const { kv } = start(() => body)
    expect(await failure(kv.read('a'))).toMatchObject({ code: 'bad_response', source: 'openbao' })
  })

  it('is looked at once, before its first absence is believed', async () => {
    const { kv, asked } = start(({ path }) => (path.startsWith('sys/') ? mounted('kv', '2') : absent))
    expect([await failure(kv.read('a')), await failure(kv.read('b'))]).toEqual([absent, absent])
    expect(asked.filter((line) => line.includes('sys/internal/ui/mounts/secret'))).toHaveLength(1)
  })

  it.each([
    ['kv', '1'],
    ['kv', null],
    ['cubbyhole', null],
  ])('that is a %s of version %s is a mistake, not an absence', async (type, version) => {
    const { kv } = start(({ path }) => (path.startsWith('sys/') ? mounted(type, version) : absent))
    for (const path of ['a', 'b'])
      expect(await failure(kv.read(path))).toMatchObject({ code: 'source_misconfigured', reason: 'kv_version' })
  })

  it('that may not be looked at is believed', async () => {
    const denied = new SecretsError('access_denied', 'no')
    const { kv } = start(({ path }) => (path.startsWith('sys/') ? denied : absent))
    expect(await failure(kv.read('a'))).toBe(absent)
  })
})

describe('a list of paths', () => {
  const tree: Readonly<Record<string, readonly string[]>> = {
    'secret/metadata/': ['a', 'a/', 'prod/', 'z'],
    'secret/metadata/a/': ['b'],
    'secret/metadata/prod/': ['api', 'db', 'db/'],
    'secret/metadata/prod/db/': ['replica'],
  }
  const listing = (pages = true) =>
    start(({ path, query = {} }) => {
      const keys = tree[path] ?? []
      const after = pages && query['after'] !== undefined ? keys.indexOf(query['after']) + 1 : 0
      return keys.length > after ? { data: { keys: keys.slice(after, after + Number(query['limit'])) } } : absent
    })

  it('goes through all folders', async () => {
    expect(await all(listing().kv, '')).toEqual(['a', 'a/b', 'prod/api', 'prod/db', 'prod/db/replica', 'z'])
  })

  it('asks only folders that can hold the prefix', async () => {
    const { kv, asked } = listing()
    expect(await all(kv, 'prod/d')).toEqual(['prod/db', 'prod/db/replica'])
    expect(asked.map((line) => line.split('?')[0])).toEqual([
      'GET secret/metadata/prod/',
      'GET secret/metadata/prod/db/',
    ])
    expect(await all(kv, 'pr')).toEqual(['prod/api', 'prod/db', 'prod/db/replica'])
  })

  it.each([
    ['gives pages', true],
    ['knows no pages', false],
  ])('is whole where the server %s', async (_what, pages) => {
    const names = Array.from({ length: 2_000 }, (_, index) => `k${String(index).padStart(5, '0')}`)
    const { kv, asked } = start(({ query = {} }) => {
      const after = query['after'] === undefined ? 0 : names.indexOf(query['after']) + 1
      const keys = pages ? names.slice(after, after + 1_000) : names
      return keys.length > 0 ? { data: { keys } } : absent
    })
    expect(await all(kv, '')).toEqual(names)
    expect(asked.filter((line) => line.includes('list=true')).length).toBe(pages ? 3 : 1)
  })

  it('ends where a server gives the same page again and again', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `k${index}`)
    const { kv } = start(() => ({ data: { keys: names } }))
    expect(await all(kv, '')).toHaveLength(1_000)
  })

  it('ends where folders have no end', async () => {
    const { kv } = start(() => ({ data: { keys: ['again/'] } }))
    expect(await failure(all(kv, ''))).toMatchObject({ code: 'bad_response' })
  })

  it('makes no sense without keys', async () => {
    const { kv } = start(() => ({ data: { keys: [1] } }))
    expect(await failure(all(kv, ''))).toMatchObject({ code: 'bad_response' })
  })
})
