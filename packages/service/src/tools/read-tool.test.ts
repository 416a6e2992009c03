import { type SecretVersion, systemRandom, TextValue } from '@keyplane/core'
import { memoryProvider } from '@keyplane/secrets/providers'
import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { RemoteSource, type SourceState } from '../../test/remote-source.ts'
import { parseServiceConfig } from '../config.ts'
import { type OpenEnvironment, openEnvironment } from '../environments/open-environment.ts'
import type { OpenSource } from '../environments/open-source.ts'
import { readTool } from './read-tool.ts'
import type { SecretRead } from './secret-reads.ts'

const minute = 60_000
const opened: OpenEnvironment[] = []
afterEach(async () => {
  for (const { secrets } of opened.splice(0)) await secrets.close()
})

interface Started {
  readonly clock: FakeClock
  readonly environment: OpenEnvironment
  /** The configuration of `payments`, after whatever time its reads take. */
  readonly read: (options?: { fresh?: boolean }) => ReturnType<typeof readTool>
}

const start = async (environment: string, secrets: string, open: OpenSource): Promise<Started> => {
  const text = `environments: { production: ${environment} }\ntools: { payments: { settings: { a: 1 }, secrets: ${secrets} } }`
  const config = parseServiceConfig({ path: 'service.yaml', text }).environments.get('production')
  const clock = fakeClock()
  const log = { warn: () => {}, error: () => {} }
  const parts = { env: {}, clock, random: systemRandom, log, open }
  const started = await openEnvironment(config ?? expect.unreachable(), parts)
  opened.push(started)
  const read: Started['read'] = async (options) => {
    const reading = readTool(started, 'payments', { clock, ...options })
    await clock.advance(12_000)
    return reading
  }
  return { clock, environment: started, read }
}

const own = 'source: openbao, ttl: 5m, maxStale: 1h'

/** What an environment answers when its source fares so: what is cached, what the rules say. */
const rows: readonly {
  readonly source: SourceState
  readonly cached: 'nothing' | 'fresh' | 'expired' | 'too old'
  readonly rule: string
  readonly environment?: string
  readonly secret?: string
  readonly gives: object
}[] = [
  { source: 'answers', cached: 'nothing', rule: '', gives: { status: 'ok', from: 'openbao', stale: false } },
  { source: 'down', cached: 'fresh', rule: '', gives: { status: 'ok', from: 'openbao', stale: false } },
  { source: 'answers', cached: 'expired', rule: '', gives: { status: 'ok', from: 'openbao', stale: false } },
  { source: 'absent', cached: 'nothing', rule: '', gives: { status: 'incomplete', missing: ['key'] } },
  { source: 'absent', cached: 'expired', rule: '', gives: { status: 'incomplete', missing: ['key'] } },
  { source: 'denies', cached: 'nothing', rule: '', gives: { status: 'incomplete', code: 'access_denied' } },
  { source: 'denies', cached: 'expired', rule: '', gives: { status: 'incomplete', code: 'access_denied' } },
  { source: 'down', cached: 'nothing', rule: '', gives: { status: 'incomplete', code: 'unavailable' } },
  { source: 'down', cached: 'expired', rule: '', gives: { status: 'degraded', from: 'openbao', stale: true } },
  { source: 'hangs', cached: 'nothing', rule: '', gives: { status: 'incomplete', code: 'timeout' } },
  { source: 'hangs', cached: 'expired', rule: '', gives: { status: 'degraded', from: 'openbao', stale: true } },
  { source: 'down', cached: 'too old', rule: '', gives: { status: 'incomplete', code: 'unavailable' } },
  {
    source: 'down',
    cached: 'expired',
    rule: ' and nothing may be old',
    environment: 'source: openbao',
    gives: { status: 'incomplete', code: 'unavailable' },
  },
  {
    source: 'down',
    cached: 'expired',
    rule: ' and this secret may never be old',
    secret: 'ref: key, maxStale: 0',
    gives: { status: 'incomplete', code: 'unavailable' },
  },
  {
    source: 'down',
    cached: 'too old',
    rule: ' but this secret may be older than others',
    secret: 'ref: key, maxStale: 3h',
    gives: { status: 'degraded', from: 'openbao', stale: true },
  },
  {
    source: 'down',
    cached: 'expired',
    rule: ' and nothing is kept',
    environment: 'source: openbao, cache: none',
    gives: { status: 'incomplete', code: 'unavailable' },
  },
  ...(['down', 'hangs', 'absent'] as const).map((source) => ({
    source,
    cached: 'nothing' as const,
    rule: ' and there is a fallback',
    environment: `${own}, fallback: [{ source: aws }]`,
    gives: { status: 'degraded', from: 'aws', stale: false },
  })),
  ...(['nothing', 'expired'] as const).map((cached) => ({
    source: 'denies' as const,
    cached,
    rule: ' and there is a fallback, which would undo the refusal',
    environment: `${own}, fallback: [{ source: aws }]`,
    gives: { status: 'incomplete', code: 'access_denied' },
  })),
  {
    source: 'down',
    cached: 'expired',
    rule: ' and there is a fallback, which is asked after what is kept',
    environment: `${own}, fallback: [{ source: aws }]`,
    gives: { status: 'degraded', from: 'openbao', stale: true },
  },
]

describe('a tool’s configuration', () => {
  it.each(rows)('when the source $source and $cached is cached$rule', async (row) => {
    const { source, cached, environment = own, secret = 'ref: key', gives } = row
    const sources = new Map([['openbao', new RemoteSource('openbao', { key: 'value' })]])
    sources.set('aws', new RemoteSource('aws', { key: 'spare' }))
    const { clock, read } = await start(`{ ${environment} }`, `{ key: { ${secret} } }`, async (wanted) =>
      wanted.kind === 'named' ? (sources.get(wanted.name) ?? expect.unreachable()) : expect.unreachable(),
    )
    if (cached !== 'nothing') await read()
    await clock.advance({ nothing: 0, fresh: 0, expired: 10 * minute, 'too old': 90 * minute }[cached])
    ;(sources.get('openbao') ?? expect.unreachable()).fares = source
    const { status, secrets, missing, errors } = await read()
    const key = secrets.get('key')
    expect({
      status,
      ...(key && { from: key.source, stale: key.stale }),
      ...(missing.length > 0 && { missing }),
      ...(errors[0] && { code: errors[0].code }),
    }).toEqual(gives)
    if (cached === 'expired' && key?.stale) expect(key.ageMs).toBeGreaterThan(10 * minute)
  })

  it('tells of each read how it went, without its value', async () => {
    const source = new RemoteSource('openbao', { key: 'value', other: 'value' })
    const spare = new RemoteSource('aws', { key: 'spare' })
    const { environment, clock } = await start(
      `{ ${own}, fallback: [{ source: aws }] }`,
      '{ a: key, b: other, c: { ref: key, jsonKey: x } }',
      async (wanted) => (wanted.kind === 'named' && wanted.name === 'aws' ? spare : source),
    )
    const reads: SecretRead[] = []
    const read = async (): Promise<(string | undefined)[][]> => {
      const reading = readTool(environment, 'payments', { clock, onRead: (one) => void reads.push(one) })
      await clock.advance(12_000)
      await reading
      return reads.splice(0).map(({ secret, result, source, code }) => [secret, result, source, code])
    }
    expect(await read()).toEqual([
      ['a', 'source', 'openbao', undefined],
      ['b', 'source', 'openbao', undefined],
      ['c', 'failed', undefined, 'bad_response'],
    ])
    expect((await read()).map(([, result]) => result)).toEqual(['cached', 'cached', 'failed'])
    await clock.advance(10 * minute)
    source.fares = 'down'
    expect((await read()).slice(0, 2)).toEqual([
      ['a', 'stale', 'openbao', 'unavailable'],
      ['b', 'stale', 'openbao', 'unavailable'],
    ])
    await clock.advance(90 * minute)
    expect((await read()).slice(0, 2)).toEqual([
      ['a', 'fallback', 'aws', undefined],
      ['b', 'failed', 'openbao', 'unavailable'],
    ])
    source.fares = 'denies'
    await clock.advance(minute)
    expect((await read())[0]).toEqual(['a', 'refused', 'openbao', 'access_denied'])
    // A login that ran out passes, and is no refusal.
    source.fares = 'expired'
    await clock.advance(minute)
    expect((await read())[1]).toEqual(['b', 'failed', 'openbao', 'unauthenticated'])
    source.fares = 'absent'
    await clock.advance(minute)
    expect((await read())[1]).toEqual(['b', 'missing', 'aws', 'secret_not_found'])
  })

  it('counts as cached where a credential with a lease was made for somebody before', async () => {
    let made: SecretVersion | undefined
    const { environment, clock, read } = await start(
      `{ ${own} }`,
      '{ db: { ref: database/app, kind: dynamic } }',
      async () => ({
        name: 'openbao',
        get: async ({ id }) => {
          const lease = { id: 'l', renewable: true, expiresAtMs: clock.nowMs() + 60 * minute }
          made ??= { id, value: new TextValue('{}'), createdAtMs: clock.nowMs(), lease }
          return made
        },
        leases: { isLeased: () => true, renew: async (lease) => lease, revoke: async () => {} },
      }),
    )
    const results: string[] = []
    const onRead = ({ result }: SecretRead): void => void results.push(result)
    await readTool(environment, 'payments', { clock, onRead })
    await clock.advance(1_000)
    await readTool(environment, 'payments', { clock, onRead })
    expect(results).toEqual(['source', 'cached'])
    expect((await read()).status).toBe('ok')
  })

  it('asks its source again when something fresh is wanted, and else once', async () => {
    const source = new RemoteSource('openbao', { key: 'value' })
    const { read } = await start(`{ ${own} }`, '{ key: key }', async () => source)
    await read()
    await read()
    expect(source.reads).toHaveLength(1)
    await read({ fresh: true })
    expect(source.reads).toHaveLength(2)
  })

  it('comes from a fallback within two seconds of a hang, and at once from then on', async () => {
    const [source, spare] = [
      new RemoteSource('openbao', { a: 'x', b: 'x' }),
      new RemoteSource('aws', { a: '1', b: '2' }),
    ]
    source.fares = 'hangs'
    const text = `{ ${own}, fallback: [{ source: aws }] }`
    const { environment, clock } = await start(text, '{ a: a, b: b }', async (wanted) =>
      wanted.kind === 'named' && wanted.name === 'aws' ? spare : source,
    )
    const first = readTool(environment, 'payments', { clock })
    await clock.advance(2_000)
    expect((await first).status).toBe('degraded')
    expect((await readTool(environment, 'payments', { clock })).status).toBe('degraded')
    expect(source.reads).toHaveLength(2)
  })

  it('has settings as they are written, and each secret by its own name', async () => {
    const document = JSON.stringify({ user: 'app', password: 'secret' })
    const source = memoryProvider({ secrets: { db: document, raw: Uint8Array.of(255) } })
    const secrets =
      '{ password: { ref: db, jsonKey: password }, whole: db, raw: raw, none: { ref: db, jsonKey: port }, old: gone }'
    const { read } = await start('{ source: memory }', secrets, async () => source)
    const configuration = await read()
    expect(configuration).toMatchObject({ tool: 'payments', environment: 'production', settings: { a: 1 } })
    expect(configuration.status).toBe('incomplete')
    expect([...configuration.secrets].map(([name, { value }]) => [name, value.kind, value.reveal()])).toEqual([
      ['password', 'text', 'secret'],
      ['whole', 'text', document],
      ['raw', 'bytes', Uint8Array.of(255)],
    ])
    expect(configuration.missing).toEqual(['old'])
    expect(configuration.errors).toEqual([{ secret: 'none', code: 'bad_response' }])
  })

  it('is read together, but not all of it at once', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `s${index}`)
    const source = new RemoteSource('openbao', Object.fromEntries(names.map((name) => [name, name])))
    const { environment, clock } = await start(
      `{ ${own} }`,
      `{ ${names.map((name) => `${name}: ${name}`).join(', ')} }`,
      async () => source,
    )
    const { secrets } = await readTool(environment, 'payments', { clock })
    expect([...secrets.keys()]).toEqual(names)
    expect([...secrets.values()].map(({ value }) => value.reveal())).toEqual(names)
    expect(source.busiest).toBe(16)
  })

  it('ends with its caller, and is none of a tool that there is not', async () => {
    const { environment, clock } = await start(
      `{ ${own} }`,
      '{ key: key }',
      async () => new RemoteSource('openbao', {}),
    )
    const signal = (): AbortSignal => AbortSignal.abort('gone')
    await expect(readTool(environment, 'payments', { clock, signal })).rejects.toBe('gone')
    await expect(readTool(environment, 'toString', { clock })).rejects.toMatchObject({ code: 'secret_not_found' })
  })
})
