import { fakeClock } from '@keyplane/testkit'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressGroup } from './address-group.ts'
import { TokenBuckets } from './token-buckets.ts'

describe('a rate', () => {
  it('gives a period’s worth at once, and then evenly', async () => {
    const clock = fakeClock()
    const buckets = new TokenBuckets({ count: 2, perMs: 1_000 }, clock)
    expect([buckets.take('a'), buckets.take('a'), buckets.take('a'), buckets.take('b')]).toEqual([
      undefined,
      undefined,
      500,
      undefined,
    ])
    await clock.advance(500)
    expect([buckets.take('a'), buckets.take('a')]).toEqual([undefined, 500])
  })

  it('makes who costs more wait longer', () => {
    const buckets = new TokenBuckets({ count: 2, perMs: 1_000 }, fakeClock())
    expect(buckets.take('a')).toBeUndefined()
    buckets.charge('a', 9)
    expect(buckets.take('a')).toBe(4_500)
  })

  it('never gives more than it says, however it is asked', async () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(2_000), times: fc.nat(30) }), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const clock = fakeClock()
        const buckets = new TokenBuckets({ count: 10, perMs: 1_000 }, clock)
        let [given, sinceMs] = [0, 0]
        for (const { waitMs, times } of all) {
          await clock.advance(waitMs)
          sinceMs += waitMs
          for (let time = 0; time < times; time += 1) if (buckets.take('a') === undefined) given += 1
          expect(given).toBeLessThanOrEqual(10 + sinceMs / 100 + 0.001)
        }
      }),
    )
  })

  it('remembers so many names and no more', () => {
    const buckets = new TokenBuckets({ count: 1, perMs: 1_000 }, fakeClock(), 2)
    for (const name of ['a', 'b', 'c']) expect(buckets.take(name)).toBeUndefined()
    expect(buckets.take('c')).toBe(1_000)
    expect(buckets.take('a')).toBeUndefined()
  })
})

describe('who counts as one', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s is of %s', (address, group) => {
    expect(addressGroup(address)).toBe(group)
  })
})
