import { SecretsError } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { LeaseSource } from '../../test/lease-source.ts'
import { withLeases } from './with-leases.ts'

const minute = 60_000
const ref = { id: 'role/app' }
const budget = 4
const faults = [
  new SecretsError('unavailable', 'down', { reason: 'refused' }),
  new SecretsError('timeout', 'hung'),
  new SecretsError('access_denied', 'no'),
]

const engines = fc.record({
  ttlMs: fc.integer({ min: 20_000, max: 90 * minute }),
  /** Of the life in all, by the first one. */
  times: fc.double({ min: 1, max: 8, noNaN: true }),
  renewable: fc.boolean(),
  latencyMs: fc.integer({ min: 0, max: 900 }),
  loginMs: fc.option(fc.integer({ min: 40_000, max: 90 * minute }), { nil: undefined }),
  seed: fc.nat(),
})
type Engine = typeof engines extends fc.Arbitrary<infer T> ? T : never

/** What callers do, one after the other: wait for a part of the life, and ask; meanwhile the source fares so. */
const asks = (kinds: number): fc.Arbitrary<readonly { readonly part: number; readonly fault: number }[]> =>
  fc.array(fc.record({ part: fc.double({ min: 0.001, max: 0.2, noNaN: true }), fault: fc.nat(kinds) }), {
    minLength: 40,
    maxLength: 80,
  })

const open = ({ ttlMs, times, renewable, latencyMs, loginMs, seed }: Engine) => {
  const clock = fakeClock()
  const source = new LeaseSource({ clock, ttlMs, maxTtlMs: ttlMs * times, renewable, latencyMs })
  // A token that is replaced at two thirds of its life, as where it can't be renewed.
  const logIn = (): void => {
    if (loginMs === undefined) return
    source.login = { endsAtMs: clock.monotonicMs() + loginMs }
    clock.after((loginMs * 2) / 3, logIn)
  }
  logIn()
  const provider = withLeases(source, {
    bounds: { budget, overlapMs: minute, minLeftMs: 10_000 },
    negativeTtlMs: 5_000,
    retryAfterFailureMs: 1_000,
    clock,
    random: seededRandom(seed),
    onProblem: () => {},
  })
  return { clock, source, provider }
}

/** How long each lived when it was first given. */
class Lives {
  readonly #first = new Map<string, number>()

  of(source: LeaseSource, version: string): number {
    const lifeMs = this.#first.get(version) ?? source.leftMs(version)
    this.#first.set(version, lifeMs)
    return lifeMs
  }
}

it('no credential is given that has ended or is about to, and no more are made than the budget, however the source fares', async () => {
  await fc.assert(
    fc.asyncProperty(engines, asks(5), async (engine, steps) => {
      const { clock, source, provider } = open(engine)
      const lives = new Lives()
      for (const { part, fault } of steps) {
        source.faults.get = source.faults.renew = faults[fault]
        const asked = provider.get(ref).then(
          ({ version = '' }) => {
            const leftMs = source.leftMs(version)
            expect(leftMs).toBeGreaterThan(Math.min(10_000, lives.of(source, version) / 10) - 2)
          },
          (error: unknown) => expect(error).toBeInstanceOf(SecretsError),
        )
        await clock.advance(1_000 + engine.ttlMs * part)
        await asked
        expect(source.living.length).toBeLessThanOrEqual(budget)
      }
      await Promise.all([provider.close?.(), clock.advance(4_000)])
      source.faults.get = undefined
    }),
    { numRuns: 150 },
  )
})

it('while the source answers, two live at most, and the one before lives on for its overlap', async () => {
  await fc.assert(
    fc.asyncProperty(engines, asks(0), async (engine, steps) => {
      const { clock, source, provider } = open({ ...engine, loginMs: undefined })
      for (const { part } of steps) {
        const asked = provider.get(ref)
        await clock.advance(1_000 + engine.ttlMs * part)
        await asked
        expect(source.living.length).toBeLessThanOrEqual(2)
      }
      const [, ...next] = source.made.values()
      const least = Math.min(minute, engine.ttlMs / 4) - 2 * engine.latencyMs
      for (const { overlapMs } of next) expect(overlapMs).toBeGreaterThan(least)
      await Promise.all([provider.close?.(), clock.advance(4_000)])
      expect(source.living).toEqual([])
    }),
    { numRuns: 100 },
  )
})
