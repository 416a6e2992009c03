import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CachedPlane, type Replica } from './cached-service.ts'

const plane = new CachedPlane()
beforeAll(() => plane.start(), 60_000)
afterEach(() => plane.clear(), 30_000)
afterAll(() => plane.remove())

const { bao, redis, canary } = plane

/** What an act gives, and how long it took. */
const timed = async <T>(act: () => Promise<T>): Promise<{ readonly given: T; readonly ms: number }> => {
  const fromMs = performance.now()
  const given = await act()
  return { given, ms: Math.round(performance.now() - fromMs) }
}

const givesChanged = async (replica: Replica, timeout: number): Promise<void> => {
  await expect.poll(() => replica.value(), { interval: 10, timeout }).toBe('changed')
}

describe('what lies in Redis', () => {
  it('holds neither a value nor a name, on no disk, in no command; its keys are wrapped by OpenBao', async () => {
    const connection = redis.own.duplicate()
    const monitor = await connection.monitor()
    const seen: string[] = []
    monitor.on('monitor', (_: unknown, words: readonly string[]) => seen.push(words.join(' ')))
    const cacheKey = { transit: { key: 'keyplane-cache', variables: plane.variables } }
    const one = await plane.replica({}, { cacheKey })
    await one.read({ environment: 'production' })
    await one.read({ environment: 'staging', fresh: true })
    await expect.poll(() => plane.records()).toHaveLength(2)
    const two = await plane.replica({}, { cacheKey })
    const reads = plane.reads
    expect(await two.value()).toBe(canary)
    expect(plane.reads).toBe(reads)
    await redis.own.save()
    await redis.own.call('ECHO', 'last')
    await expect.poll(() => seen.at(-1)).toContain('last')
    monitor.disconnect()
    connection.disconnect()

    const lying: string[] = []
    for await (const names of redis.own.scanStream())
      for (const name of names as string[])
        lying.push(name, (await redis.own.getBuffer(name))?.toString('latin1') ?? '')
    const everything = [redis.written(), ...seen, ...lying].join('\n')
    expect(everything.length).toBeGreaterThan(5_000)
    expect(lying.join()).toContain('vault:v1:')
    const hidden = [canary, 'payments', 'api-key', 'production', 'staging']
    for (const text of hidden)
      for (const coding of ['utf8', 'base64', 'hex'] as const)
        expect(everything, `${text} as ${coding}`).not.toContain(Buffer.from(text).toString(coding).replace(/=+$/, ''))
    expect(one.warnings).toEqual([])
  })

  it('opens nowhere but in its own place', async () => {
    const one = await plane.replica()
    await one.read({ environment: 'production' })
    await expect.poll(() => plane.records()).toHaveLength(1)
    const [production = ''] = await plane.records()
    await one.read({ environment: 'staging' })
    await expect.poll(() => plane.records()).toHaveLength(2)
    const staging = (await plane.records()).find((name) => name !== production) ?? ''
    await redis.own.copy(staging, production, 'REPLACE')
    const two = await plane.replica()
    const reads = plane.reads
    expect(await two.value()).toBe(canary)
    expect(plane.reads).toBe(reads + 1)
    expect(two.warnings).toEqual([expect.stringContaining('belongs elsewhere')])
  })

  it('may be garbage', async () => {
    await (await plane.replica()).read()
    await expect.poll(() => plane.records()).toHaveLength(1)
    for (const garbage of ['', 'x', '0'.repeat(500), JSON.stringify({ value: 'wrong' })]) {
      for (const name of await redis.own.keys('keyplane:*')) await redis.own.set(name, garbage)
      expect(await (await plane.replica()).value()).toBe(canary)
    }
    for (const name of await redis.own.keys('keyplane:*')) {
      await redis.own.del(name)
      await redis.own.lpush(name, 'a list')
    }
    expect(await (await plane.replica()).value()).toBe(canary)
  })
})

describe('Redis', () => {
  it.each([
    ['killed', () => redis.kill(), () => redis.start()],
    ['stopped', async () => redis.pause(), async () => redis.resume()],
    [
      'stopped for longer than a connection is held',
      async () => redis.pause(),
      () => wait(7_000).then(() => redis.resume()),
    ],
  ] as const)(
    'that is %s costs one read its time, and is used again when it is back',
    async (_, lower, raise) => {
      // Nothing is fresh: each read looks there first.
      const one = await plane.replica({ ttl: 0, pollInterval: 0 })
      await one.read()
      await lower()
      try {
        await plane.put('changed')
        const first = await timed(() => one.value())
        await wait(200)
        const later = await Promise.all(Array.from({ length: 20 }, () => timed(() => one.value())))
        const inOrder = later.map(({ ms }) => ms).toSorted((a, b) => a - b)
        for (const { given } of [first, ...later]) expect(given).toBe('changed')
        expect(first.ms).toBeLessThan(600)
        expect(inOrder[10]).toBeLessThan(250)
        const starting = await timed(() => plane.replica())
        expect(await starting.given.value()).toBe('changed')
        // It waits 2.5 s for the cache's keys, and then does without.
        expect(starting.ms).toBeLessThan(5_000)
      } finally {
        await raise()
      }
      await expect.poll(() => one.warnings.join(), { timeout: 5_000 }).toContain('answers again')
      await one.value({ fresh: true })
      const reads = plane.reads
      await expect
        .poll(
          async () => (await (await plane.replica({ pollInterval: 0 })).value()) === 'changed' && plane.reads === reads,
        )
        .toBe(true)
    },
    40_000,
  )

  it('that is wiped is filled again, and its keys are put back', async () => {
    const one = await plane.replica()
    await one.read()
    await redis.own.flushall()
    expect(await one.value()).toBe(canary)
    await expect.poll(() => redis.own.keys('keyplane:key:*'), { timeout: 8_000 }).toHaveLength(2)
    await one.value({ fresh: true })
    await expect.poll(() => plane.records()).toHaveLength(1)
    const two = await plane.replica()
    const reads = plane.reads
    expect(await two.value()).toBe(canary)
    expect(plane.reads).toBe(reads)
  }, 20_000)

  it('that is full keeps nothing new, and nothing that is outdated', async () => {
    const [one, two] = [await plane.replica(), await plane.replica()]
    await one.read()
    await two.read()
    await expect.poll(() => plane.records()).toHaveLength(1)
    await redis.own.config('SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction')
    try {
      await plane.put('changed')
      expect(await one.value({ fresh: true })).toBe('changed')
      await expect.poll(() => plane.records()).toEqual([])
      expect(await (await plane.replica()).value()).toBe('changed')
      expect(await two.value({ fresh: true })).toBe('changed')
    } finally {
      await redis.own.config('SET', 'maxmemory', '0')
    }
  })
})

describe('OpenBao', () => {
  it('that is away at a restart is covered by what was kept, as old as it is, and not for who takes nothing old', async () => {
    const old = { ttl: '1s', pollInterval: 0 }
    const secrets = { apiKey: 'payments/api-key', strict: { ref: 'payments/api-key', maxStale: 0 } }
    const tools = { payments: { secrets } }
    const before = await plane.replica(old, { tools })
    expect((await before.read()).status).toBe('ok')
    await expect.poll(() => plane.records()).toHaveLength(1)
    await before.service.close()
    bao.process?.child.kill('SIGSTOP')
    try {
      await wait(1_500)
      const after = await plane.replica(old, { tools })
      const { status, secrets: given, errors } = await after.read()
      const apiKey = given.get('apiKey')
      expect(status).toBe('incomplete')
      expect(errors).toEqual([{ secret: 'strict', code: 'timeout' }])
      expect(apiKey).toMatchObject({ stale: true, source: 'openbao', versionId: expect.any(String) as string })
      expect(apiKey?.value.reveal()).toBe(canary)
      expect(apiKey?.ageMs).toBeGreaterThan(1_500)
      expect(apiKey?.ageMs).toBeLessThan(10_000)
    } finally {
      bao.resume()
    }
  }, 20_000)

  it('is asked once by each replica for what five hundred want at once', async () => {
    const [one, two] = [await plane.replica(), await plane.replica()]
    const reads = plane.reads
    const given = await Promise.all(Array.from({ length: 500 }, () => one.value()))
    expect(new Set(given)).toEqual(new Set([canary]))
    expect(plane.reads - reads).toBe(1)
    await plane.redis.own.flushall()
    const both = await Promise.all(
      Array.from({ length: 500 }, (_, index) => (index % 2 ? one : two).value({ fresh: index < 2 })),
    )
    expect(new Set(both)).toEqual(new Set([canary]))
    expect(plane.reads - reads - 1).toBeLessThanOrEqual(3)
  }, 20_000)
})

describe('a change', () => {
  it('that one replica meets is told to the others', async () => {
    const [one, two] = [await plane.replica({ pollInterval: 0 }), await plane.replica({ pollInterval: 0 })]
    await one.read()
    expect(await two.value()).toBe(canary)
    await expect.poll(() => redis.own.pubsub('NUMSUB', 'keyplane:changes')).toEqual(['keyplane:changes', 2])
    await plane.put('changed')
    expect(await two.value()).toBe(canary)
    expect(await one.value({ fresh: true })).toBe('changed')
    await givesChanged(two, 1_000)
  })

  it.each(['redis', 'local'] as const)(
    'made at OpenBao is seen by every replica within the interval (%s)',
    async (cache) => {
      const environment = { cache, pollInterval: '6s' }
      const [one, two] = [await plane.replica(environment), await plane.replica(environment)]
      await Promise.all([one.read(), two.read()])
      await wait(3_000)
      const looks = plane.looks
      await wait(9_000)
      const looked = plane.looks - looks
      await plane.put('changed')
      const { ms } = await timed(() => Promise.all([one, two].map((each) => givesChanged(each, 9_000))))
      expect(ms).toBeLessThan(6_000)
      expect(looked).toBeLessThanOrEqual(cache === 'redis' ? 4 : 7)
      expect(looked).toBeGreaterThan(0)
    },
    40_000,
  )
})
