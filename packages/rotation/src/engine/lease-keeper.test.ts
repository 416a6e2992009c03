import { SecretsError } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { memoryJournal } from '../journal/memory-journal.ts'
import type { RotationJournal } from '../ports/journal.ts'
import { LeaseKeeper } from './lease-keeper.ts'

const take = async (more: Partial<RotationJournal> = {}) => {
  const clock = fakeClock()
  const journal = memoryJournal(clock)
  const keeper = await LeaseKeeper.take({ journal: { ...journal, ...more }, clock, ttlMs: 9_000 }, 'a', 'first')
  if (!keeper) throw new Error('The lease is free.')
  return { clock, journal, keeper }
}
const never = new Promise<never>(() => undefined)

describe('a lease that is held while something is done', () => {
  it('lasts as long as that, and no longer', async () => {
    const { clock, journal, keeper } = await take()
    let end = (): void => undefined
    const held = keeper.holding(() => new Promise<void>((resolve) => (end = resolve)))
    await clock.advance(60_000)
    expect(await journal.lease('a', 'second', 9_000)).toBeUndefined()
    expect(() => keeper.require()).not.toThrow()
    end()
    await held
    expect(clock.waiting).toBe(0)
    await clock.advance(9_000)
    expect(await journal.lease('a', 'second', 9_000)).toBeDefined()
  })

  it('tells at once that it is another’s', async () => {
    const { clock, keeper } = await take({ renew: async () => undefined })
    let lost: AbortSignal | undefined
    void keeper.holding((signal) => ((lost = signal), never))
    await clock.advance(3_000)
    expect(lost?.reason).toMatchObject({ reason: 'lease_lost' })
  })

  it('is renewed at the next time where the database was away, and lost once it may have ended', async () => {
    let isAway = true
    let renewals = 0
    const { clock, keeper } = await take({
      renew: async (lease) => {
        renewals += 1
        if (isAway) throw new SecretsError('unavailable', 'It is down.')
        return lease
      },
    })
    let lost: AbortSignal | undefined
    void keeper.holding((signal) => ((lost = signal), never))
    await clock.advance(6_500)
    isAway = false
    await clock.advance(30_000)
    expect([renewals > 10, lost?.aborted]).toEqual([true, false])
    isAway = true
    await clock.advance(12_000)
    expect(lost?.aborted).toBe(true)
  })

  it('is lost when it ends, though the database has not answered yet', async () => {
    const { clock, keeper } = await take({ renew: () => never })
    let lost: AbortSignal | undefined
    void keeper.holding((signal) => ((lost = signal), never))
    await clock.advance(8_999)
    expect(lost?.aborted).toBe(false)
    await clock.advance(1)
    expect(lost?.reason).toMatchObject({ reason: 'lease_lost' })
  })

  it('is lost where the machine slept, whose other clock stood still', async () => {
    const clock = fakeClock()
    let sleptMs = 0
    const parts = {
      journal: memoryJournal(clock),
      clock: { ...clock, nowMs: () => clock.nowMs() + sleptMs },
      ttlMs: 9_000,
    }
    const keeper = await LeaseKeeper.take(parts, 'a', 'first')
    expect(() => keeper?.require()).not.toThrow()
    sleptMs = 9_000
    expect(() => keeper?.require()).toThrow(/taken over/)
  })
})
