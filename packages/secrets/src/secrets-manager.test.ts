import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretsError, systemClock } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { memoryProvider } from '@keyplane/providers'
import { ScriptedSource } from '../test/scripted-source.ts'
import { openSecrets } from './open-secrets.ts'
import type { SecretsManagerOptions } from './manager-options.ts'

const start = (
  options: SecretsManagerOptions = {},
  values: Record<string, string> = { API_KEY: 'from the source' },
) => {
  const clock = fakeClock()
  const source = new ScriptedSource(values)
  const logged: string[] = []
  const secrets = openSecrets({
    providers: [source],
    env: { KEYPLANE_ENV_FOLDER: '/nowhere' },
    clock,
    random: seededRandom(1),
    attempts: 1,
    log: {
      warn: (message, { code }) => logged.push(`warn ${code ?? message}`),
      error: (_message, { code }) => logged.push(`error ${code}`),
    },
    ...options,
  })
  return { clock, source, secrets, logged }
}
const inEnvironment = (variables: Record<string, string>) => ({
  env: { KEYPLANE_ENV_FOLDER: '/nowhere', ...variables },
})
const down = new SecretsError('unavailable', 'down')

describe('the chain', () => {
  it('gives the first source’s value before the environment’s', async () => {
    const { secrets } = start(inEnvironment({ API_KEY: 'from the environment' }))
    expect(await secrets.getSecret('API_KEY')).toBe('from the source')
  })

  it.each([
    ['not there', undefined, 'warn secret_not_found'],
    ['unreachable', down, 'error unavailable'],
    ['refused', new SecretsError('access_denied', 'no'), 'error access_denied'],
    ['without credentials', new SecretsError('source_misconfigured', 'none'), 'error source_misconfigured'],
  ])('asks the environment when the first source’s secret is %s, and says so once', async (_how, failure, line) => {
    const { secrets, source, logged } = start(inEnvironment({ OTHER: 'from the environment' }))
    source.failure = failure
    expect(await secrets.getSecret('OTHER')).toBe('from the environment')
    expect(await secrets.getSecret('OTHER')).toBe('from the environment')
    expect(logged).toEqual([line])
  })

  it('gives the default, or nothing, where no source has the secret', async () => {
    const { secrets } = start()
    expect(await secrets.getSecret('NOPE')).toBeUndefined()
    expect(await secrets.getSecret('NOPE', 'default')).toBe('default')
  })

  it('keeps no fallback under the first source’s name', async () => {
    const { secrets, source, clock } = start(inEnvironment({ LATE: 'from the environment' }))
    source.failure = down
    expect(await secrets.getSecret('LATE')).toBe('from the environment')
    source.failure = undefined
    source.set('LATE', 'from the source', 'v1')
    await clock.advance(10_000)
    expect(await secrets.getSecret('LATE')).toBe('from the source')
  })

  it('throws what is no absence when strict, and goes on after an absence', async () => {
    const { secrets, source } = start({ strict: true, ...inEnvironment({ OTHER: 'from the environment' }) })
    expect(await secrets.getSecret('OTHER')).toBe('from the environment')
    source.failure = down
    await expect(secrets.getSecret('THIRD')).rejects.toMatchObject({ code: 'unavailable' })
    expect(await secrets.getSecret('THIRD', 'default', { strict: false })).toBe('default')
  })

  it('can be strict about refusals alone: another source must not undo them', async () => {
    const { secrets, source, clock } = start({
      strict: 'refusals',
      ...inEnvironment({ OTHER: 'from the environment' }),
    })
    for (const code of ['access_denied', 'unauthenticated'] as const) {
      source.failure = new SecretsError(code, 'no')
      await expect(secrets.getSecret('OTHER')).rejects.toMatchObject({ code })
      await expect(secrets.getMany(['OTHER'])).resolves.toMatchObject({ errors: { OTHER: { code } } })
      expect(await secrets.explain('OTHER')).toMatchObject({ steps: [{ result: 'denied' }, { result: 'not asked' }] })
      await clock.advance(10_000)
    }
    // What passes by itself is as an absence of the source.
    for (const failure of [down, new SecretsError('unauthenticated', 'no', { reason: 'expired_token' })]) {
      source.failure = failure
      expect(await secrets.getSecret('OTHER')).toBe('from the environment')
      await clock.advance(10_000)
    }
  })

  it('leaves the environment out when told so', async () => {
    const { secrets } = start({ environment: false, ...inEnvironment({ OTHER: 'from the environment' }) })
    expect(await secrets.getSecret('OTHER')).toBeUndefined()
  })

  it('asks the source that is chosen by name first', async () => {
    const own = Object.assign(new ScriptedSource({ API_KEY: 'from the vault' }), { name: 'vault' as const })
    const { secrets } = start({ providers: [new ScriptedSource({ API_KEY: 'other' }), own], provider: 'vault' })
    expect(await secrets.getSecret('API_KEY')).toBe('from the vault')
    expect(() => start({ provider: 'volt' })).toThrow('there is no provider "volt"')
  })

  it('ends a read at once whose caller has left, cached or not', async () => {
    const { secrets } = start()
    await secrets.getSecret('API_KEY')
    const signal = AbortSignal.abort(new Error('left'))
    await expect(secrets.getSecret('API_KEY', undefined, { signal })).rejects.toThrow('left')
    await expect(secrets.getSecretJson('API_KEY', undefined, { signal })).rejects.toThrow('left')
  })

  it.each([
    ['an empty text', ''],
    ['no text', 7 as unknown as string],
  ])('refuses a key that is %s', async (_what, key) => {
    const { secrets } = start()
    const invalid = { code: 'invalid_request' }
    await expect(secrets.getSecret(key)).rejects.toMatchObject(invalid)
    await expect(secrets.read({ id: key })).rejects.toMatchObject(invalid)
    await expect(secrets.withSecret(key, () => {})).rejects.toMatchObject(invalid)
    expect((await secrets.getMany([key])).errors[key]).toMatchObject(invalid)
  })

  it('hands out readings that stay as they were given', async () => {
    const { secrets, source } = start()
    const before = await secrets.read({ id: 'API_KEY' })
    source.set('API_KEY', 'another', 'v2')
    await secrets.refresh('API_KEY')
    await secrets.read({ id: 'API_KEY' })
    expect(before?.version.value.reveal()).toBe('from the source')
  })

  it('refreshes all sources, and throws what one of them throws', async () => {
    const failing = (name: string, delayMs: number) => ({
      name,
      get: async (): Promise<never> => {
        throw down
      },
      refresh: async () => {
        await new Promise((resolve) => setTimeout(resolve, delayMs))
        throw new SecretsError('unavailable', `${name} is down`)
      },
    })
    const { secrets } = start({ providers: [failing('a', 10), failing('b', 1)], clock: systemClock })
    await expect(secrets.refresh()).rejects.toThrow('a is down')
  })

  it('reads no list and no bytes as JSON, and any depth of it', async () => {
    const nested = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`
    const bytes = memoryProvider({ secrets: { BYTES: Uint8Array.of(255), NESTED: nested } })
    const { secrets, logged } = start({ providers: [bytes] })
    expect(await secrets.getSecretJson('BYTES', { a: 'default' })).toBeUndefined()
    expect(Object.isFrozen(await secrets.getSecretJson('NESTED'))).toBe(true)
    expect(logged).toEqual(['warn The secret "BYTES" of memory is bytes that are no text.'])
  })

  it('ends at once when it is closed, whatever a source is doing, and gives nothing afterwards', async () => {
    const hung = { name: 'hung', get: () => new Promise<never>(() => {}) }
    const { secrets } = start({ providers: [hung, memoryProvider({ secrets: { KEY: 'value' } })], clock: systemClock })
    const read = secrets.getSecret('KEY').catch((error: unknown) => error)
    await new Promise((resolve) => setTimeout(resolve, 5))
    await secrets.close()
    expect(await read).toMatchObject({ code: 'closed' })
    expect(() => secrets.getSecretSync('KEY')).toThrow('closed')
  })

  it('is not failed by a log that fails', async () => {
    const broken = (): never => {
      throw new Error('disk full')
    }
    const { secrets } = start({ log: { warn: broken, error: broken } })
    expect(await secrets.getSecret('NOPE')).toBeUndefined()
  })

  it('takes a source that says nonsense about how many it reads for one that reads one by one', async () => {
    const source = new ScriptedSource({ A: 'one', B: 'two' })
    for (const maxRefs of [undefined, 0, -1, 1.5] as number[]) {
      const odd = { name: 'odd', get: source.get.bind(source), many: { maxRefs, get: async () => [] } }
      const { secrets } = start({ providers: [odd] })
      expect((await secrets.getMany(['A', 'B'])).values).toEqual({ A: 'one', B: 'two' })
    }
  })

  it('gives bytes as a copy, and a text as UTF-8', async () => {
    const bytes = memoryProvider({ secrets: { KEY: Uint8Array.of(0, 255), TEXT: 'ä' } })
    const { secrets } = start({ providers: [bytes] })
    expect(await secrets.getSecretBytes('KEY')).toEqual(Uint8Array.of(0, 255))
    expect(await secrets.getSecretBytes('TEXT')).toEqual(Uint8Array.of(0xc3, 0xa4))
    expect(await secrets.getSecretBytes('NOPE')).toBeUndefined()
  })

  it('fails with closed after it was closed, in whatever is asked of it', async () => {
    const { secrets } = start()
    await secrets.getSecret('API_KEY')
    await secrets.close()
    const calls = [
      secrets.getSecret('API_KEY'),
      secrets.getSecretJson('API_KEY'),
      secrets.listSecrets(),
      secrets.refresh(),
      secrets.read({ id: 'API_KEY' }),
      secrets.explain('API_KEY'),
    ]
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'closed' } })
  })

  it.each([
    ['nothing', undefined],
    ['an empty object', {}],
    ['a text for a version', 'canary'],
    ['a text for a value', { id: 'a', value: 'canary' }],
  ])('takes a provider that gives %s for broken, and asks the next one', async (_what, garbage) => {
    const provider = { name: 'toy', get: async () => garbage as never }
    const { secrets, logged } = start({ providers: [provider], ...inEnvironment({ API_KEY: 'from the environment' }) })
    expect(await secrets.getSecret('API_KEY')).toBe('from the environment')
    expect(logged).toEqual(['error bad_response'])
  })

  it('hands no bytes out as another text', async () => {
    const { secrets } = start({ providers: [memoryProvider({ secrets: { B: Uint8Array.of(255, 254) } })] })
    await expect(secrets.getSecret('B')).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('what is said of a read', () => {
  it('tells absent, denied, unreachable and broken apart, in metrics and explanation', async () => {
    const { secrets, source } = start(inEnvironment({ OTHER: 'from the environment' }))
    const results: (string | undefined)[] = []
    for (const code of ['access_denied', 'unavailable', 'bad_response'] as const) {
      source.failure = new SecretsError(code, `why: ${code}`)
      results.push((await secrets.explain(code)).steps[0]?.result)
    }
    source.failure = undefined
    results.push((await secrets.explain('NOPE')).steps[0]?.result)
    expect(results).toEqual(['denied', 'unreachable', 'broken', 'absent'])
    expect(secrets.metrics()['scripted']).toMatchObject({ denied: 1, unreachable: 1, broken: 1, absent: 1, asked: 0 })
  })

  it('shows an outage that the last value covers: once in the log, in metrics and explanation', async () => {
    const { secrets, source, clock, logged } = start({ cacheTtl: 10 })
    await secrets.getSecret('API_KEY')
    source.failure = down
    await clock.advance(10_001)
    for (let read = 0; read < 3; read += 1) expect(await secrets.getSecret('API_KEY')).toBe('from the source')
    expect(logged).toEqual(['error unavailable'])
    expect(secrets.metrics()['scripted']).toMatchObject({ asked: 1, unreachable: 3 })
    expect((await secrets.explain('API_KEY')).steps[0]).toMatchObject({ stale: true, code: 'unavailable' })
  })

  it('tells each refusal, for it is about its secret, and an outage again after the source answered', async () => {
    const { secrets, source, logged } = start()
    for (const [failure, key] of [
      [new SecretsError('access_denied', 'no'), 'A'],
      [new SecretsError('access_denied', 'no'), 'B'],
      [down, 'C'],
      [undefined, 'D'],
      [down, 'E'],
    ] as const) {
      source.failure = failure
      await secrets.getSecret(key, 'default')
    }
    expect(logged.filter((line) => line.startsWith('error'))).toEqual([
      'error access_denied',
      'error access_denied',
      'error unavailable',
      'error unavailable',
    ])
  })

  it('is one line for an outage, however it shows itself', async () => {
    const { secrets, source, logged, clock } = start()
    for (const code of ['timeout', 'unavailable', 'rate_limited', 'timeout'] as const) {
      source.failure = new SecretsError(code, 'no')
      await secrets.getSecret('A', 'default')
      await clock.advance(60_000)
    }
    expect(logged).toEqual(['error timeout'])
  })

  it('explains as it reads: when strict, nothing is asked behind a failure', async () => {
    const { secrets, source } = start({ strict: true, ...inEnvironment({ API_KEY: 'from the environment' }) })
    source.failure = down
    const { source: answered, steps } = await secrets.explain('API_KEY')
    expect([answered, steps.map(({ result }) => result)]).toEqual([undefined, ['unreachable', 'not asked']])
    await expect(secrets.explain('')).rejects.toMatchObject({ code: 'invalid_request' })
  })

  it('says why an open breaker was opened', async () => {
    const { secrets, source } = start()
    source.failure = new SecretsError('timeout', 'no answer within 3000 ms')
    await secrets.getSecret('A')
    const { steps } = await secrets.explain('B')
    expect(steps[0]).toMatchObject({ reason: 'breaker_open', message: expect.stringContaining('no answer within') })
  })

  it('tells one outage once, however many secrets it touches, and absences within a bound', async () => {
    const { secrets, source, logged } = start({ environment: false })
    source.failure = down
    for (let key = 0; key < 200; key += 1) await secrets.getSecret(`K${key}`)
    expect(logged).toEqual(['error unavailable'])
    source.failure = undefined
    for (let key = 0; key < 3_000; key += 1) await secrets.getSecret(`A${key}`)
    expect(logged.length).toBeLessThan(1_010)
  })

  it('names the source, version and age of a value, and never the value', async () => {
    const { secrets, clock } = start()
    await secrets.getSecret('API_KEY')
    await clock.advance(1_000)
    const explanation = await secrets.explain('API_KEY')
    expect(explanation).toEqual({
      key: 'API_KEY',
      source: 'scripted',
      steps: [
        {
          source: 'scripted',
          result: 'answered',
          version: 'v1',
          stages: ['current'],
          ageMs: 1_000,
          ttlLeftMs: 3_599_000,
          stale: false,
        },
        { source: 'env', result: 'not asked' },
      ],
    })
    expect(secrets.metrics()['scripted']).toMatchObject({ asked: 1, hit: 1 })
  })
})

describe('a JSON secret', () => {
  const json = (values: Record<string, string>) => start({}, values)

  it('is an object, frozen through, and the same one while it is cached', async () => {
    const { secrets } = json({ DB: '{"user":"app","ports":[1,2]}' })
    const first = await secrets.getSecretJson('DB')
    expect(first).toEqual({ user: 'app', ports: [1, 2] })
    expect(Object.isFrozen(first) && Object.isFrozen(first?.['ports'])).toBe(true)
    expect(await secrets.getSecretJson('DB')).toBe(first)
  })

  it.each([
    ['invalid JSON', '{"canary-value"'],
    ['a text', '"canary-value"'],
    ['an array', '["canary-value"]'],
    ['null', 'null'],
  ])('that is %s is undefined with a warning without the value: no default, no next source', async (_what, value) => {
    const { secrets, logged } = start(inEnvironment({ DB: '{"from":"environment"}' }), { DB: value })
    expect(await secrets.getSecretJson('DB', { from: 'default' })).toBeUndefined()
    expect(logged).toHaveLength(1)
    expect(logged[0]).toMatch(/^warn The secret "DB" of scripted is not /)
    expect(logged[0]).not.toContain('canary')
  })

  it('that is absent is the default', async () => {
    const { secrets } = json({})
    expect(await secrets.getSecretJson('DB', { from: 'default' })).toEqual({ from: 'default' })
  })

  it('has the type of its schema, and is undefined where it does not fit', async () => {
    const { secrets, logged } = json({ LIST: '["a"]', DB: '{}' })
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          Array.isArray(value)
            ? { value: value as string[] }
            : { issues: [{ message: `canary ${JSON.stringify(value)}` }] },
      },
    }
    const list: string[] | undefined = await secrets.getSecretJson('LIST', undefined, { schema })
    expect(list).toEqual(['a'])
    expect(await secrets.getSecretJson('DB', undefined, { schema })).toBeUndefined()
    expect(logged.join()).not.toContain('canary')
  })
})

describe('the list of secrets', () => {
  const listed = (names: string[]) => {
    const source = new ScriptedSource()
    const states = names.map((name) => ({ id: name, name, versions: new Map() }))
    return Object.assign(source, {
      list: {
        async *list({ prefix = '' }: { readonly prefix?: string }) {
          if (source.failure) throw source.failure
          yield* states.filter(({ name }) => name.startsWith(prefix))
        },
      },
    })
  }

  it('is the sorted union of all sources, each name once, by prefix too', async () => {
    const { secrets } = start({ providers: [listed(['b', 'a'])], ...inEnvironment({ a: '1', c: '2' }) })
    expect((await secrets.listSecrets()).filter((name) => name.length === 1)).toEqual(['a', 'b', 'c'])
    expect(await secrets.listSecrets('b')).toEqual(['b'])
  })

  it('waits for no source beyond the deadline', async () => {
    const hung = Object.assign(new ScriptedSource(), {
      list: {
        async *list() {
          await new Promise(() => {})
          yield { id: 'a', name: 'a', versions: new Map() }
        },
      },
    })
    const { secrets, clock, logged } = start({ providers: [hung], deadline: '2s', ...inEnvironment({ c: '2' }) })
    const names = secrets.listSecrets('c')
    await clock.advance(2_000)
    expect(await names).toEqual(['c'])
    expect(logged).toEqual(['error timeout'])
  })

  it('leaves out a source that fails, says so, and throws it when strict', async () => {
    const source = listed(['a'])
    source.failure = down
    const { secrets, logged } = start({ providers: [source], ...inEnvironment({ c: '2' }) })
    expect(await secrets.listSecrets('c')).toEqual(['c'])
    expect(logged).toEqual(['error unavailable'])
    await expect(secrets.listSecrets('c', { strict: true })).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('refresh', () => {
  it('makes the next read ask, for one secret or for all', async () => {
    const { secrets, source } = start({}, { A: '1', B: '2' })
    for (const key of ['A', 'B']) await secrets.getSecret(key)
    await secrets.refresh('A')
    for (const key of ['A', 'B']) await secrets.getSecret(key)
    expect(source.calls.get.map(({ id }) => id)).toEqual(['A', 'B', 'A'])
    await secrets.refresh()
    for (const key of ['A', 'B']) await secrets.getSecret(key)
    expect(source.calls.get).toHaveLength(5)
  })
})

describe('a .env file', () => {
  it('is read below the environment, told of where a line is no entry, and followed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-env-'))
    writeFileSync(join(folder, '.env'), 'A=file\nB=file\nthis is no entry\n')
    const logged: string[] = []
    const secrets = openSecrets({
      provider: 'env',
      env: { KEYPLANE_ENV_FOLDER: folder, A: 'environment' },
      log: { warn: (message) => logged.push(message), error: () => {} },
    })
    expect([await secrets.getSecret('A'), await secrets.getSecret('B')]).toEqual(['environment', 'file'])
    expect(logged).toEqual([expect.stringMatching(/\.env:3 is no entry/)])
    writeFileSync(join(folder, '.env'), 'B=changed and longer\n')
    expect(await secrets.getSecret('B')).toBe('changed and longer')
  })
})
