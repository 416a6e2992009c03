import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { lambdaClock } from './lambda-clock.ts'

/** Wall and age, each set by hand. */
const start = () => {
  const now = { wall: 1_000_000, age: 50 }
  const clock = lambdaClock({
    ...fakeClock(),
    nowMs: () => now.wall,
    monotonicMs: () => now.age,
    recentMs: () => now.age,
  })
  return { now, clock }
}

describe('the clock of a frozen process', () => {
  it('goes on by the time that it was frozen', () => {
    const { now, clock } = start()
    expect(clock.monotonicMs()).toBe(50)
    Object.assign(now, { wall: now.wall + 3_600_000, age: 60 })
    expect([clock.recentMs(), clock.monotonicMs(), clock.nowMs()]).toEqual([3_600_050, 3_600_050, now.wall])
  })

  it('never goes back, and follows the age where the wall clock was set back', () => {
    const { now, clock } = start()
    now.wall += 1_000
    expect(clock.monotonicMs()).toBe(1_050)
    now.wall -= 5_000
    expect(clock.monotonicMs()).toBe(1_050)
    now.age = 2_000
    expect(clock.monotonicMs()).toBe(2_000)
  })
})
