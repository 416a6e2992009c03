import { SecretsError } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { ChangingSource } from '../../test/changing-source.ts'
import { withPolling } from './with-polling.ts'

const minute = 60_000
const intervalMs = 15_000

const start = (claim?: () => Promise<boolean>) => {
  const clock = fakeClock()
  const source = new ChangingSource()
  for (const id of ['a', 'b']) source.put(id, 'first')
  const changed: string[] = []
  const problems: string[] = []
  const polled = withPolling(source, {
    intervalMs,
    inUseMs: 5 * minute,
    clock,
    random: seededRandom(3),
    ...(claim && { claim }),
    onChange: (change) => changed.push('id' in change ? change.id : change.kind),
    onProblem: (problem) => problems.push(problem),
  })
  return { clock, source, changed, problems, polled }
}

describe('a source that is looked at', () => {
  it.each([0, 1, 4_000, 7_000, 11_000, 14_000])(
    'has a change seen within the interval, made %d ms later',
    async (ms) => {
      const { clock, source, changed, polled } = start()
      await polled.get({ id: 'a' })
      await polled.get({ id: 'b' })
      await clock.advance(ms)
      source.put('a', 'second')
      await clock.advance(intervalMs)
      expect(changed).toEqual(['a'])
      expect(source.reads).toEqual(['a', 'b'])
      await clock.advance(10 * minute)
      expect(changed).toEqual(['a'])
    },
  )

  it('has it seen that a secret is gone', async () => {
    const { clock, source, changed, polled } = start()
    await polled.get({ id: 'a' })
    source.remove('a')
    await clock.advance(intervalMs)
    expect(changed).toEqual(['a'])
  })

  it('is asked of what is in use only, and about once an interval', async () => {
    const { clock, source, polled } = start()
    await clock.advance(minute)
    expect(source.looks).toEqual([])
    await polled.get({ id: 'a' })
    await clock.advance(5 * minute)
    expect(source.looks.length).toBeGreaterThanOrEqual(20)
    expect(source.looks.length).toBeLessThanOrEqual(34)
    await clock.advance(minute)
    const looks = source.looks.length
    await clock.advance(10 * minute)
    expect(source.looks).toHaveLength(looks)
  })

  it('is not asked of what was made for this process, which has a lease', async () => {
    const { clock, source, polled } = start()
    source.leaseFor = 'a'
    await polled.get({ id: 'a' })
    await clock.advance(minute)
    expect(source.looks).toEqual([])
  })

  it('changes nothing by a failure that passes', async () => {
    const { clock, source, changed, polled } = start()
    await polled.get({ id: 'a' })
    source.failure = new SecretsError('unavailable', 'down')
    await clock.advance(minute)
    source.failure = undefined
    expect(changed).toEqual([])
    source.put('a', 'second')
    await clock.advance(intervalMs)
    expect(changed).toEqual(['a'])
  })

  it('that refuses evidence to who may read is left alone for a while, and that is told', async () => {
    const { clock, source, changed, problems, polled } = start()
    await polled.get({ id: 'a' })
    source.failure = new SecretsError('access_denied', 'no')
    await clock.advance(minute)
    expect(source.looks).toHaveLength(1)
    expect(problems).toHaveLength(1)
    expect(changed).toEqual([])
  })

  it('is looked at by whose turn it is, and by each where that can’t be said', async () => {
    const never = start(async () => false)
    await never.polled.get({ id: 'a' })
    await never.clock.advance(minute)
    expect(never.source.looks).toEqual([])
    const unknown = start(() => Promise.reject(new SecretsError('unavailable', 'no Redis')))
    await unknown.polled.get({ id: 'a' })
    unknown.source.put('a', 'second')
    await unknown.clock.advance(intervalMs)
    expect(unknown.changed).toEqual(['a'])
  })

  it('tells what a reader met before a look, at once and once', async () => {
    const { clock, source, changed, polled } = start()
    await polled.get({ id: 'a' })
    source.put('a', 'second')
    await polled.get({ id: 'a' })
    expect(changed).toEqual(['a'])
    await clock.advance(minute)
    expect(changed).toEqual(['a'])
  })

  it('tells once of a change that not all of its nodes know', async () => {
    const { source, changed, polled } = start()
    await polled.get({ id: 'a' })
    source.put('a', 'second')
    for (const lags of [false, true, false, true, false]) {
      source.lags = lags
      await polled.get({ id: 'a' })
    }
    expect(changed).toEqual(['a'])
  })

  it('that can’t be reached from here is left to another for a turn', async () => {
    const turns: number[] = []
    const { clock, source, polled } = start(async () => {
      turns.push(clock.monotonicMs())
      return true
    })
    await polled.get({ id: 'a' })
    source.failure = new SecretsError('unavailable', 'down')
    await clock.advance(minute)
    const [first = 0, second = 0] = turns
    expect(second - first).toBeGreaterThan(intervalMs * 1.5)
  })

  it('is looked at no more after its end', async () => {
    const { clock, source, polled } = start()
    await polled.get({ id: 'a' })
    await polled.close?.()
    await clock.advance(minute)
    expect(source.looks).toEqual([])
    expect(clock.waiting).toBe(0)
  })
})
