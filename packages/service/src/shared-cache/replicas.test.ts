import { SecretsError } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { openReplica, ttlMs } from '../../test/cache-replica.ts'
import { ChangingSource } from '../../test/changing-source.ts'
import { MemoryEntries } from '../../test/memory-entries.ts'

const minute = 60_000

const start = async () => {
  const clock = fakeClock()
  const entries = new MemoryEntries(clock)
  const source = new ChangingSource()
  source.put('a', 'first')
  const [one, two] = [await openReplica({ entries, clock, seed: 1 }), await openReplica({ entries, clock, seed: 2 })]
  return { clock, entries, source, one: one.secretsOver(source), two: two.secretsOver(source) }
}

describe('replicas', () => {
  it('ask once each for what five hundred want at once, and not at all for what another has', async () => {
    const { clock, source, one, two } = await start()
    const many = Array.from({ length: 500 }, (_, index) => (index % 2 ? one : two).getSecret('a'))
    expect(new Set(await Promise.all(many))).toEqual(new Set(['first']))
    expect(source.reads).toHaveLength(2)
    source.put('b', 'x')
    await one.getSecret('b')
    await clock.advance(1)
    await Promise.all(Array.from({ length: 500 }, () => two.getSecret('b')))
    expect(source.reads).toHaveLength(3)
  })

  it('give a change that one of them met', async () => {
    const { clock, source, one, two } = await start()
    await one.getSecret('a')
    await clock.advance(1)
    await two.getSecret('a')
    source.put('a', 'second')
    expect(await two.getSecret('a')).toBe('first')
    await one.read({ id: 'a' }, { freshness: { maxAgeMs: 0 } })
    await clock.advance(1)
    expect(await two.getSecret('a')).toBe('second')
    expect(source.reads).toHaveLength(2)
  })

  it('see a change behind their backs within the interval, by one look for both', async () => {
    const { clock, source, one, two } = await start()
    for (const secrets of [one, two]) await secrets.getSecret('a')
    await clock.advance(2 * minute)
    const looks = source.looks.length
    await clock.advance(2 * minute)
    expect(source.looks.length - looks).toBeLessThanOrEqual(14)
    source.put('a', 'second')
    await clock.advance(15_000)
    expect(await one.getSecret('a')).toBe('second')
    expect(await two.getSecret('a')).toBe('second')
  })

  it('ask the source once a TTL for what is read all the time', async () => {
    const { clock, source, one, two } = await start()
    for (let at = 0; at < 10 * ttlMs; at += 10_000) {
      await one.getSecret('a')
      await two.getSecret('a')
      await clock.advance(10_000)
    }
    expect(source.reads.length).toBeGreaterThanOrEqual(10)
    expect(source.reads.length).toBeLessThanOrEqual(13)
  })

  it('go on where what they share is gone, each for itself', async () => {
    const { clock, entries, source, one, two } = await start()
    await one.getSecret('a')
    const gone = (): Promise<never> => Promise.reject(new SecretsError('unavailable', 'gone'))
    Object.assign(entries, {
      get: gone,
      set: gone,
      setIfAbsent: gone,
      setUnlessYounger: gone,
      publish: gone,
      remove: gone,
    })
    expect(await two.getSecret('a')).toBe('first')
    source.put('a', 'second')
    await clock.advance(15_000)
    expect(await one.getSecret('a')).toBe('second')
    expect(await two.getSecret('a')).toBe('second')
  })
})
