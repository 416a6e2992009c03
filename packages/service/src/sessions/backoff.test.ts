import { fakeClock } from '@keyplane/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backoff } from './backoff.ts'

const options = { free: 2, firstMs: 1_000, longestMs: 8_000 }

describe('a wait after failures', () => {
  it('comes after the free ones, doubles, and has an end', () => {
    const backoff = new Backoff(fakeClock(), options)
    const waits = Array.from({ length: 8 }, () => {
      const wait = backoff.waitMs('a')
      backoff.failed('a')
      return wait
    })
    expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
    expect(backoff.waitMs('b')).toBe(0)
  })

  it('passes, and failures are forgotten a quarter of an hour after the last', async () => {
    const clock = fakeClock()
    const backoff = new Backoff(clock, options)
    for (let time = 0; time < 3; time += 1) backoff.failed('a')
    await clock.advance(1_500)
    expect(backoff.waitMs('a')).toBe(500)
    await clock.advance(15 * 60_000)
    backoff.failed('a')
    expect(backoff.waitMs('a')).toBe(0)
  })

  it('never grows beyond its longest, whoever fails how often', async () => {
    const failures = fc.array(fc.record({ name: fc.constantFrom('a', 'b'), afterMs: fc.nat(20_000) }), {
      maxLength: 60,
    })
    await fc.assert(
      fc.asyncProperty(failures, async (all) => {
        const clock = fakeClock()
        const backoff = new Backoff(clock, options)
        for (const { name, afterMs } of all) {
          await clock.advance(afterMs)
          backoff.failed(name)
          for (const each of ['a', 'b']) expect(backoff.waitMs(each)).toBeLessThanOrEqual(options.longestMs)
        }
      }),
      { numRuns: 30 },
    )
  })
})
