import { SecretsError } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { GuardedEntries } from './guarded-entries.ts'
import { MemoryEntries } from '../../test/memory-entries.ts'

const start = () => {
  const clock = fakeClock()
  const memory = new MemoryEntries(clock)
  const states: boolean[] = []
  let calls = 0
  const fares = { as: 'answers' as 'answers' | 'hangs' | 'gone' | 'full' | 'read-only' }
  const answered = <T>(answer: T): Promise<T> => {
    calls += 1
    if (fares.as === 'hangs') return new Promise(() => {})
    if (fares.as === 'gone') return Promise.reject(new SecretsError('unavailable', 'refused'))
    if (fares.as === 'full') return Promise.reject(new SecretsError('rate_limited', 'full'))
    return Promise.resolve(answer)
  }
  memory.get = () => answered(Uint8Array.of(1))
  memory.set = () =>
    fares.as === 'read-only' ? Promise.reject(new SecretsError('unavailable', '')) : answered(undefined)
  const guarded = new GuardedEntries(memory, { clock, onState: (isThere) => states.push(isThere) })
  return { clock, guarded, states, fares, calls: () => calls }
}

describe('guarded entries', () => {
  it('that hang end a call after its time, and cost nothing from then on', async () => {
    const { clock, guarded, states, fares, calls } = start()
    fares.as = 'hangs'
    const first = guarded.get('a').catch((error: SecretsError) => error.code)
    await clock.advance(100)
    expect(await first).toBe('unavailable')
    for (let index = 0; index < 100; index += 1)
      await expect(guarded.get('a')).rejects.toMatchObject({ code: 'unavailable' })
    expect(calls()).toBe(1)
    expect(states).toEqual([false])
  })

  it.each(['gone', 'hangs'] as const)(
    'that are %s are looked at once a second, and used when they answer',
    async (how) => {
      const { clock, guarded, states, fares, calls } = start()
      fares.as = how
      const first = guarded.get('a').catch(() => {})
      await clock.advance(100)
      await first
      await clock.advance(10_000)
      expect(calls()).toBeLessThanOrEqual(11)
      fares.as = 'answers'
      await clock.advance(1_200)
      expect(await guarded.get('a')).toEqual(Uint8Array.of(1))
      expect(states).toEqual([false, true])
    },
  )

  it('that refuse are there', async () => {
    const { guarded, states, fares } = start()
    fares.as = 'full'
    await expect(guarded.get('a')).rejects.toMatchObject({ code: 'rate_limited' })
    fares.as = 'answers'
    await guarded.get('a')
    expect(states).toEqual([])
  })

  it('that can only be read are not back, and those that are full are', async () => {
    const { clock, guarded, states, fares } = start()
    fares.as = 'read-only'
    await guarded.set('a', Uint8Array.of(1), 1_000).catch(() => {})
    await clock.advance(10_000)
    expect(states).toEqual([false])
    fares.as = 'full'
    await clock.advance(1_200)
    expect(states).toEqual([false, true])
  })

  it('are looked at no more after their end', async () => {
    const { clock, guarded, fares, calls } = start()
    fares.as = 'gone'
    await guarded.get('a').catch(() => {})
    guarded.close()
    await clock.advance(60_000)
    expect(calls()).toBe(1)
  })
})
