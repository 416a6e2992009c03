import { type SecretRef, SecretsError } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { ScriptedSource } from '../../test/scripted-source.ts'
import { withBatching } from '../resilience/with-batching.ts'
import { withCache } from './with-cache.ts'

/** A source that reads up to five together. */
class Batched extends ScriptedSource {
  readonly batches: string[][] = []
  saves = true
  readonly many = {
    maxRefs: 5,
    savesCalls: () => this.saves,
    get: async (refs: readonly SecretRef[]) => {
      this.batches.push(refs.map(({ id }) => id))
      return Promise.all(refs.map(async (ref) => ({ ok: true as const, value: await this.get(ref) })))
    },
  }
}

const ttlMs = 60_000

const over = (source: ScriptedSource, refreshAheadRatio = 0.1) => {
  const clock = fakeClock()
  const cache = withCache(withBatching(source), {
    ttlMs,
    maxEntries: 1_000,
    staleWhileRevalidateMs: 0,
    maxStaleMs: 0,
    negativeTtlMs: 1_000,
    retryAfterFailureMs: 1_000,
    refreshAheadRatio,
    readValueEveryNthCheck: 100,
    clock,
    random: seededRandom(1),
  })
  const isHit = (id: string): boolean => cache.peek({ id }) !== undefined
  const read = async (...ids: readonly string[]) => {
    await Promise.all(ids.map((id) => cache.get({ id })))
    source.calls.describe.length = 0
  }
  return { clock, cache, isHit, read }
}

const manyValues = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, `value of k${index}`]))

describe('a key that is read once in each TTL', () => {
  it.each([7_000, 20_000, 31_000, 45_000, 55_000, 59_900])(
    'every %i ms, never makes its reader wait',
    async (everyMs) => {
      const { clock, isHit, read } = over(new ScriptedSource({ a: 'one' }))
      await read('a')
      for (let atMs = 0; atMs < 20 * ttlMs; atMs += everyMs) {
        await clock.advance(everyMs)
        expect([atMs, isHit('a')]).toEqual([atMs, true])
      }
    },
  )

  it('is checked about once in a TTL', async () => {
    const source = new ScriptedSource({ a: 'one' })
    const { clock, isHit, read } = over(source)
    await read('a')
    for (let second = 0; second < 600; second += 1) {
      isHit('a')
      await clock.advance(1_000)
    }
    expect(source.calls.describe.length).toBeGreaterThanOrEqual(10)
    expect(source.calls.describe.length).toBeLessThanOrEqual(11)
  })
})

describe('a key that nobody asked for in a TTL', () => {
  it('costs no call, and is checked before it is served', async () => {
    const source = new ScriptedSource({ a: 'one' })
    const { clock, cache, isHit, read } = over(source)
    await read('a')
    await clock.advance(10_000)
    isHit('a')
    await clock.advance(10 * ttlMs)
    expect(source.calls.describe).toHaveLength(1)
    source.set('a', 'new', 'v2')
    expect((await cache.get({ id: 'a' })).value.reveal()).toBe('new')
  })

  it('is checked though it was refreshed ahead since it was read last', async () => {
    const source = new ScriptedSource({ a: 'one' })
    const { clock, cache, isHit, read } = over(source)
    await read('a')
    await clock.advance(10_000)
    isHit('a')
    await clock.advance(ttlMs - 1)
    expect(isHit('a')).toBe(true)
    await clock.advance(ttlMs - 1)
    isHit('a')
    await clock.advance(ttlMs)
    source.set('a', 'new', 'v2')
    expect(isHit('a')).toBe(false)
    expect((await cache.get({ id: 'a' })).value.reveal()).toBe('new')
  })

  it('is checked once where it is asked for by readers that can not wait', async () => {
    const source = new ScriptedSource({ a: 'one' })
    const { clock, cache, read } = over(source)
    await read('a')
    await clock.advance(3 * ttlMs)
    cache.recall?.({ id: 'a' })
    await clock.advance(1_000)
    for (let second = 0; second < 30; second += 1) {
      expect(cache.recall?.({ id: 'a' })).toMatchObject({ ok: true })
      await clock.advance(1_000)
    }
    expect(source.calls.describe).toHaveLength(1)
  })

  it('leaves no timer behind', async () => {
    const { clock, isHit, read } = over(new ScriptedSource({ a: 'one' }))
    await read('a')
    isHit('a')
    expect(clock.waiting).toBe(1)
    await clock.advance(3 * ttlMs)
    expect(clock.waiting).toBe(0)
  })
})

describe('keys in use of a source that reads many', () => {
  it('are refreshed by whole calls, ahead of their turn', async () => {
    const source = new Batched(manyValues(10))
    const { clock, isHit, read } = over(source)
    const ids = Object.keys(manyValues(10))
    await read(...ids)
    source.batches.length = 0
    await clock.advance(10)
    for (const id of ids) isHit(id)
    await clock.advance(ttlMs - 20)
    expect(source.batches.map((batch) => batch.length)).toEqual([5, 5])
    expect(source.batches.flat().toSorted()).toEqual(ids.toSorted())
    expect(source.calls.describe).toEqual([])
    expect(ids.every(isHit)).toBe(true)
  })

  it('take none along that nobody reads', async () => {
    const source = new Batched(manyValues(10))
    const { clock, isHit, read } = over(source)
    await read(...Object.keys(manyValues(10)))
    source.batches.length = 0
    await clock.advance(10)
    for (const id of ['k2', 'k4', 'k6']) isHit(id)
    await clock.advance(ttlMs)
    expect(source.batches.flat().toSorted()).toEqual(['k2', 'k4', 'k6'])
  })

  it('are checked one by one, each at its own moment, where the source saves nothing by it', async () => {
    const source = new Batched(manyValues(4))
    source.saves = false
    const { clock, isHit, read } = over(source)
    const ids = Object.keys(manyValues(4))
    await read(...ids)
    source.batches.length = 0
    await clock.advance(10)
    for (const id of ids) isHit(id)
    await clock.advance(ttlMs - 20)
    expect([source.batches, source.calls.describe.toSorted()]).toEqual([[], ids.map((id) => `arn:${id}`)])
  })
})

describe('a gap in what a source pushes', () => {
  it('makes no reader of a key in use wait, and shows what changed within a tenth of the TTL', async () => {
    const source = new ScriptedSource(manyValues(20))
    const { clock, cache, isHit, read } = over(source)
    const ids = Object.keys(manyValues(20))
    await read(...ids)
    await clock.advance(10)
    expect(ids.every(isHit)).toBe(true)
    for (const id of ids) source.set(id, 'new', 'v2')
    cache.invalidate({ kind: 'resync' })
    for (let step = 0; step < 60; step += 1) {
      await clock.advance(100)
      expect(ids.every(isHit)).toBe(true)
    }
    expect(new Set(ids.map((id) => cache.peek({ id })?.version.value.reveal()))).toEqual(new Set(['new']))
  })
})

describe('a refresh ahead of expiry', () => {
  it('that fails is tried again before the key expires', async () => {
    const source = new ScriptedSource({ a: 'one' })
    const { clock, cache, isHit, read } = over(source)
    await read('a')
    await clock.advance(10)
    isHit('a')
    source.failure = new SecretsError('unavailable', 'down')
    await clock.advance(57_500)
    expect(source.calls.describe.length).toBeGreaterThan(0)
    source.failure = undefined
    source.set('a', 'new', 'v2')
    await clock.advance(2_480)
    expect(cache.peek({ id: 'a' })?.version.value.reveal()).toBe('new')
  })

  it('never comes where the ratio is 0, and none comes after the cache is closed', async () => {
    const [off, closed] = [new ScriptedSource({ a: 'one' }), new ScriptedSource({ a: 'one' })]
    const [one, other] = [over(off, 0), over(closed)]
    for (const { read, clock, isHit } of [one, other]) {
      await read('a')
      await clock.advance(10)
      isHit('a')
    }
    await other.cache.close()
    for (const { clock } of [one, other]) await clock.advance(2 * ttlMs)
    expect([off.calls.describe, closed.calls.describe]).toEqual([[], []])
  })
})
