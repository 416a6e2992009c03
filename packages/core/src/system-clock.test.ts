import { describe, expect, it } from 'vitest'
import { systemClock } from './system-clock.ts'

const turn = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs))

describe('the system’s recent time', () => {
  it('is at most some milliseconds behind, never goes back, and is not ahead', async () => {
    let before = systemClock.recentMs()
    for (let look = 0; look < 30; look += 1) {
      await turn(2)
      const recentMs = systemClock.recentMs()
      const nowMs = systemClock.monotonicMs()
      expect(recentMs).toBeGreaterThanOrEqual(before)
      expect(recentMs).toBeLessThanOrEqual(nowMs)
      before = recentMs
    }
    await turn(20)
    const lookedAtMs = systemClock.monotonicMs()
    expect(systemClock.recentMs()).toBeGreaterThanOrEqual(lookedAtMs)
  })

  it('is the same within a moment', () => {
    expect(systemClock.recentMs()).toBe(systemClock.recentMs())
  })
})
