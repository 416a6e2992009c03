import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { withinLimits } from './within-limits.ts'

const late = (): Error => new Error('late')
const never = (): Promise<never> => new Promise(() => {})

describe('work within limits', () => {
  it('gives what it gives, and leaves no timer and no listener', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    let told: AbortSignal | undefined
    const limits = { clock, timeoutMs: 10, signals: [caller.signal, undefined], late }
    const done = withinLimits(limits, async (ended) => {
      told = ended
      return 7
    })
    expect(await done).toBe(7)
    await clock.advance(20)
    caller.abort()
    expect(told?.aborted).toBe(false)
  })

  it('that hangs ends with its time, and is told so', async () => {
    const clock = fakeClock()
    let told: AbortSignal | undefined
    const hung = withinLimits({ clock, timeoutMs: 10, signals: [], late }, (ended) => {
      told = ended
      return never()
    }).catch((error: unknown) => error)
    await clock.advance(10)
    expect(await hung).toMatchObject({ message: 'late' })
    expect(told?.aborted).toBe(true)
  })

  it('that hangs ends with the reason of its signal', async () => {
    const caller = new AbortController()
    const limits = { clock: fakeClock(), timeoutMs: 10, signals: [caller.signal], late }
    const hung = withinLimits(limits, never).catch((error: unknown) => error)
    caller.abort('left')
    expect(await hung).toBe('left')
  })

  it('is not begun where nobody waits for it', async () => {
    let begun = false
    const limits = { clock: fakeClock(), timeoutMs: 10, signals: [AbortSignal.abort('left')], late }
    const work = withinLimits(limits, async () => {
      begun = true
    })
    expect(await work.catch((error: unknown) => error)).toBe('left')
    expect(begun).toBe(false)
  })
})
