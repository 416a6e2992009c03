import { type CallOptions, SecretsError, TextValue } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { ScriptedSource } from '../../test/scripted-source.ts'
import { type CacheOptions, withCache } from './with-cache.ts'

const start = (options: Partial<CacheOptions> = {}, values: Record<string, string> = { a: 'one', b: 'two' }) => {
  const clock = fakeClock()
  const source = new ScriptedSource(values)
  const cache = withCache(source, {
    ttlMs: 60_000,
    staleWhileRevalidateMs: 0,
    maxStaleMs: 600_000,
    negativeTtlMs: 5_000,
    retryAfterFailureMs: 1_000,
    maxEntries: 100,
    refreshAheadRatio: 0,
    readValueEveryNthCheck: 4,
    clock,
    random: seededRandom(1),
    ...options,
  })
  const text = async (id: string, call?: CallOptions) => (await cache.get({ id }, call)).value.reveal()
  const code = async (act: Promise<unknown>) =>
    act.then(
      () => 'no failure',
      (error: SecretsError) => error.code,
    )
  return { clock, source, cache, text, code }
}

const down = new SecretsError('unavailable', 'down')
const denied = new SecretsError('access_denied', 'no')

describe('a fresh answer', () => {
  it('is given without asking the source', async () => {
    const { cache, source, text } = start()
    await text('a')
    expect(cache.peek({ id: 'a' })?.version.value.reveal()).toBe('one')
    expect(await text('a')).toBe('one')
    expect(source.calls.get).toHaveLength(1)
  })

  it('is found by its canonical id too, as the same object', async () => {
    const { cache, source } = start()
    const byName = await cache.read({ id: 'a' })
    const byArn = await cache.read({ id: 'arn:a' })
    expect(byArn).toBe(byName)
    expect(source.calls.get).toHaveLength(1)
  })

  it('is never given to a reference that means another version, stage or identity', async () => {
    const { cache, source } = start()
    await cache.read({ id: 'a' })
    await cache.read({ id: 'a', as: 'role' })
    await cache.read({ id: 'a', stage: 'label:x' })
    await cache.read({ id: 'a', version: 'v1' })
    expect(source.calls.get).toHaveLength(4)
  })

  it('is never found by an id that imitates a reference of several parts', async () => {
    const { cache } = start()
    await cache.read({ id: 'a', as: 'role' })
    for (const id of ['\u0000=a\u0000-\u0000-\u0000=role', '=a\u0000-\u0000-\u0000=role'])
      expect(cache.peek({ id })).toBeUndefined()
  })

  it('is told as its last read tells it, though the value is the same', async () => {
    const { cache, source } = start()
    const get = source.get.bind(source)
    source.get = async (...asked) => ({
      ...(await get(...asked)),
      attributes: { 'bao.request': `read ${source.calls.get.length}` },
    })
    await cache.get({ id: 'a' })
    await cache.get({ id: 'a' }, { freshness: { maxAgeMs: 0 } })
    expect((await cache.get({ id: 'a' })).attributes).toEqual({ 'bao.request': 'read 2' })
  })

  it('is the same object under every reference that leads to that version', async () => {
    const { cache } = start()
    const current = await cache.read({ id: 'a' })
    const byVersion = await cache.read({ id: 'a', version: 'v1' })
    expect(byVersion.version).toBe(current.version)
  })
})

describe('an expired answer', () => {
  it('is confirmed by evidence, without reading the value', async () => {
    const { clock, source, text } = start()
    await text('a')
    await clock.advance(60_000)
    expect(await text('a')).toBe('one')
    expect(source.calls).toMatchObject({ get: [{ id: 'a' }], describe: ['arn:a'] })
  })

  it('is read again when the source names another version', async () => {
    const { clock, source, text } = start()
    await text('a')
    source.set('a', 'new', 'v2')
    await clock.advance(60_000)
    expect(await text('a')).toBe('new')
    expect(source.calls.get).toHaveLength(2)
  })

  it('is read, not only confirmed, at every fourth check', async () => {
    const { clock, source, text } = start()
    await text('a')
    for (let check = 1; check <= 8; check += 1) {
      await clock.advance(60_000)
      await text('a')
    }
    expect(source.calls.get).toHaveLength(3)
    expect(source.calls.describe).toHaveLength(6)
  })

  it('covers a passing failure for at most maxStale, asking again only after a pause', async () => {
    const { clock, source, text, code } = start({ maxStaleMs: 10_000 })
    await text('a')
    source.failure = down
    await clock.advance(60_000)
    expect(await text('a')).toBe('one')
    expect(await text('a')).toBe('one')
    expect(source.calls.describe).toHaveLength(1)
    await clock.advance(1_000)
    expect(await text('a')).toBe('one')
    expect(source.calls.describe).toHaveLength(2)
    await clock.advance(9_000)
    expect(await code(text('a'))).toBe('unavailable')
  })

  it('covers nothing for a caller that takes nothing stale', async () => {
    const { clock, source, text, code } = start()
    await text('a')
    source.failure = down
    await clock.advance(60_000)
    expect(await code(text('a', { freshness: { maxStaleMs: 0 } }))).toBe('unavailable')
  })

  it('stops being given once the source says that the secret is deleted', async () => {
    const { clock, source, text, code } = start()
    await text('a')
    source.values.set('a', { text: 'one', version: 'v1', deleted: true })
    await clock.advance(60_000)
    expect(await code(text('a'))).toBe('secret_deleted')
  })

  it('stops being given once the source refuses, and is given again when it allows', async () => {
    const { clock, source, text, code } = start()
    await text('a')
    source.failure = denied
    await clock.advance(60_000)
    expect(await code(text('a'))).toBe('access_denied')
    source.failure = down
    await clock.advance(5_000)
    expect(await code(text('a'))).toBe('unavailable')
    source.failure = undefined
    await clock.advance(5_000)
    expect(await text('a')).toBe('one')
  })

  it.each([
    ['expired_token', '1'],
    ['locked_out', '1'],
    ['unknown_key', 'unauthenticated'],
  ])('under credentials that are refused as %s is %s', async (reason, answer) => {
    const { clock, source, text, code } = start({}, { a: '1' })
    await text('a')
    source.failure = new SecretsError('unauthenticated', 'no', { reason })
    await clock.advance(60_000)
    expect(answer === '1' ? await text('a') : await code(text('a'))).toBe(answer)
  })

  it('leads to the new secret when its name was given to another one', async () => {
    const { cache, clock, source } = start()
    await cache.read({ id: 'a' })
    const get = source.get.bind(source)
    source.values.delete('a')
    source.get = async (ref, call) => {
      source.set('a2', 'other', 'v9')
      return get({ ...ref, id: ref.id === 'a' ? 'a2' : ref.id }, call)
    }
    await clock.advance(60_000)
    expect((await cache.get({ id: 'a' })).id).toBe('arn:a2')
    expect(cache.peek({ id: 'arn:a' })).toBeUndefined()
  })

  it('is given at once while one refresh runs, where the window allows it', async () => {
    const { clock, source, text } = start({ staleWhileRevalidateMs: 60_000 })
    await text('a')
    source.set('a', 'new', 'v2')
    await clock.advance(60_000)
    const release = source.hold()
    expect(await Promise.all([text('a'), text('a')])).toEqual(['one', 'one'])
    release()
    await clock.advance(0)
    expect(await text('a')).toBe('new')
    expect(source.calls.describe).toHaveLength(1)
  })
})

describe('a key in use', () => {
  it('is refreshed ahead of expiry, and nobody waits', async () => {
    const { cache, clock, source } = start({ refreshAheadRatio: 0.2 })
    await cache.read({ id: 'a' })
    source.set('a', 'new', 'v2')
    await clock.advance(59_000)
    expect(cache.peek({ id: 'a' })?.version.value.reveal()).toBe('one')
    await clock.advance(0)
    expect(cache.peek({ id: 'a' })?.version.value.reveal()).toBe('new')
    await clock.advance(30_000)
    expect(cache.peek({ id: 'a' })).toBeDefined()
  })
})

describe('any number of callers', () => {
  it('share one call on a cold key, and one on an expired key', async () => {
    const { clock, source, text } = start()
    const release = source.hold()
    const cold = Array.from({ length: 100 }, () => text('a'))
    release()
    expect(new Set(await Promise.all(cold))).toEqual(new Set(['one']))
    await clock.advance(60_000)
    await Promise.all(Array.from({ length: 100 }, () => text('a')))
    expect(source.calls.get).toHaveLength(1)
    expect(source.calls.describe).toHaveLength(1)
  })

  it('keep their call when one of them leaves; the last one’s leaving aborts it', async () => {
    const { clock, source, text } = start()
    const release = source.hold()
    const [first, second] = [new AbortController(), new AbortController()]
    const leaving = text('a', { signal: first.signal })
    const staying = text('a', { signal: second.signal })
    await clock.advance(0)
    first.abort(new Error('left'))
    await expect(leaving).rejects.toThrow('left')
    expect(source.aborted).toBe(0)
    second.abort(new Error('left too'))
    await expect(staying).rejects.toThrow('left too')
    expect(source.aborted).toBe(1)
    release()
    expect(await text('a')).toBe('one')
  })

  it('end their wait at their own deadline', async () => {
    const { clock, source, text, code } = start()
    source.hold()
    const waiting = code(text('a', { deadlineAtMs: clock.monotonicMs() + 50 }))
    await clock.advance(50)
    expect(await waiting).toBe('timeout')
  })

  it('that want the origin’s answer join no earlier call, and share the next one', async () => {
    const { clock, source, text } = start()
    const release = source.hold()
    const early = text('a')
    await clock.advance(0)
    source.set('a', 'new', 'v2')
    const origin = { freshness: { maxAgeMs: 0, maxStaleMs: 0 } }
    const late = Array.from({ length: 20 }, () => text('a', origin))
    release()
    expect(await early).toBe('one')
    expect(new Set(await Promise.all(late))).toEqual(new Set(['new']))
    expect(source.calls.get).toHaveLength(2)
  })
})

describe('a lease', () => {
  it('ends what is kept, and covers no failure beyond it', async () => {
    const { clock, source, cache } = start({}, { a: '1' })
    const get = source.get.bind(source)
    source.get = async (ref, call) => {
      const version = await get(ref, call)
      return { ...version, lease: { id: 'l', renewable: false, expiresAtMs: clock.nowMs() + 2_000 } }
    }
    await cache.get({ id: 'a' })
    await clock.advance(1_900)
    await cache.get({ id: 'a' })
    expect(source.calls.get).toHaveLength(1)
    source.failure = new SecretsError('unavailable', 'down')
    await clock.advance(200)
    await expect(cache.get({ id: 'a' })).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('a slow answer', () => {
  it('does not replace a newer one that came by another name', async () => {
    const { source, cache, clock } = start({}, { a: 'old' })
    const release = source.hold()
    const slow = cache.get({ id: 'a' })
    await clock.advance(1)
    source.set('a', 'new', 'v2')
    const quick = source.get.bind(source)
    source.get = async (ref, call) =>
      ref.id === 'arn:a' ? Object.freeze({ ...version, id: 'arn:a' }) : quick(ref, call)
    const version = { id: 'arn:a', name: 'a', version: 'v2', value: new TextValue('new') }
    await clock.advance(1)
    await cache.get({ id: 'arn:a' })
    await clock.advance(1)
    release()
    expect((await slow).value.reveal()).toBe('old')
    expect((await cache.get({ id: 'arn:a' })).value.reveal()).toBe('new')
  })
})

describe('a failure', () => {
  it('ahead of expiry is not asked about again by every reader', async () => {
    const { clock, source, text } = start({ refreshAheadRatio: 0.5 }, { a: '1' })
    await text('a')
    source.failure = new SecretsError('rate_limited', 'slow down')
    await clock.advance(45_000)
    const before = source.calls.get.length + source.calls.describe.length
    for (let read = 0; read < 100; read += 1) {
      expect(await text('a')).toBe('1')
      await clock.advance(10)
    }
    expect(source.calls.get.length + source.calls.describe.length - before).toBeLessThanOrEqual(2)
  })

  it('of the origin leaves the kept value alone when only the caller wanted more', async () => {
    const { source, text, code } = start()
    await text('a')
    source.failure = down
    expect(await code(text('a', { freshness: { maxAgeMs: 0, maxStaleMs: 0 } }))).toBe('unavailable')
    expect(await text('a')).toBe('one')
  })

  it('that says no is repeated for a moment without asking, then asked again', async () => {
    const { clock, source, text, code } = start()
    expect(await code(text('nope'))).toBe('secret_not_found')
    expect(await code(text('nope'))).toBe('secret_not_found')
    expect(source.calls.get).toHaveLength(1)
    source.set('nope', 'there', 'v1')
    await clock.advance(5_000)
    expect(await text('nope')).toBe('there')
  })

  it('of a cold key is never kept when it may pass', async () => {
    const { source, text, code } = start()
    source.failure = down
    expect(await code(text('a'))).toBe('unavailable')
    source.failure = undefined
    expect(await text('a')).toBe('one')
  })
})

describe('a change', () => {
  it('pushed by the source makes the next read ask', async () => {
    const { cache, source, text } = start()
    await text('a')
    source.set('a', 'new', 'v2')
    cache.invalidate({ kind: 'changed', id: 'arn:a' })
    expect(await text('a')).toBe('new')
  })

  it('that overtakes a read keeps that read’s answer out of the cache', async () => {
    const { cache, clock, source, text } = start()
    const release = source.hold()
    const early = text('a')
    await clock.advance(0)
    source.set('a', 'new', 'v2')
    cache.invalidate({ kind: 'changed', id: 'arn:a' })
    release()
    expect(await early).toBe('one')
    expect(await text('a')).toBe('new')
  })

  it('of permission stops the kept value at once', async () => {
    const { cache, source, text, code } = start()
    await text('a')
    source.failure = denied
    cache.invalidate({ kind: 'withdrawn', id: 'a' })
    expect(await code(text('a'))).toBe('access_denied')
  })

  it('that was missed makes everything be confirmed, within a tenth of the TTL', async () => {
    const { cache, clock, source, text } = start()
    await text('a')
    await text('b')
    cache.invalidate({ kind: 'resync' })
    await clock.advance(6_000)
    await text('a')
    await text('b')
    expect(source.calls.describe).toHaveLength(2)
  })
})

describe('a full cache', () => {
  it('throws out what was used least lately', async () => {
    const { cache, text } = start({ maxEntries: 3 }, { a: '1', b: '2', c: '3', d: '4' })
    for (const id of ['a', 'b', 'c']) await text(id)
    for (let use = 0; use < 100; use += 1) cache.peek({ id: 'a' })
    await text('d')
    expect(cache.peek({ id: 'a' })).toBeDefined()
    expect(cache.peek({ id: 'b' })).toBeUndefined()
    expect(cache.size).toBe(3)
  })

  it('loses no value to names that do not exist', async () => {
    const { clock, source, text, code } = start({ maxEntries: 3 }, { a: '1' })
    await text('a')
    for (let name = 0; name < 2_000; name += 1) await code(text(`nope${name}`))
    source.failure = down
    await clock.advance(60_000)
    expect(await text('a')).toBe('1')
  })

  it('of size 0 keeps nothing, and still shares calls', async () => {
    const { cache, source, text } = start({ maxEntries: 0 })
    await Promise.all([text('a'), text('a')])
    await text('a')
    expect(source.calls.get).toHaveLength(2)
    expect(cache.size).toBe(0)
  })

  it('with a TTL of 0 checks at each read', async () => {
    const { source, text } = start({ ttlMs: 0, readValueEveryNthCheck: 100 })
    for (let read = 0; read < 5; read += 1) await text('a')
    expect(source.calls.get).toHaveLength(1)
    expect(source.calls.describe).toHaveLength(4)
  })
})
