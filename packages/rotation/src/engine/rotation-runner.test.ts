import { SecretsError, TextValue } from '@keyplane/core'
import { type FakeClock, fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { memoryJournal } from '../journal/memory-journal.ts'
import type { RotationJournal } from '../ports/journal.ts'
import type { Rotator } from '../ports/rotator.ts'
import type { SecretVersions } from '../ports/secret-versions.ts'
import { randomPasswordRotator } from '../rotators/random-password.ts'
import { type MemoryVersions, memoryVersions } from '../testing/memory-versions.ts'
import type { RotationEngine } from './contract.ts'
import { rotationEngine } from './rotation-engine.ts'
import { startRotationRunner } from './rotation-runner.ts'

interface Made {
  readonly clock: FakeClock
  readonly journal: RotationJournal
  readonly engine: RotationEngine
  readonly begin: (secretId: string) => Promise<unknown>
  readonly stateOf: (secretId: string) => Promise<string | undefined>
}
const make = (more: Partial<Rotator> = {}): Made => {
  const clock = fakeClock()
  const random = seededRandom(1)
  const journal = memoryJournal(clock)
  const plain = randomPasswordRotator({ random })
  const rotator: Rotator = {
    name: plain.name,
    repairs: plain.repairs,
    create: (call, current) => plain.create(call, current),
    set: more.set ?? ((call, credentials) => plain.set(call, credentials)),
    test: (call, value) => plain.test(call, value),
    revert: (call, credentials) => plain.revert(call, credentials),
    retire: (call, credentials) => plain.retire(call, credentials),
  }
  const all = new Map<string, MemoryVersions>()
  const of = (secretId: string): MemoryVersions => {
    const found = all.get(secretId) ?? memoryVersions({ versionId: 'v0', value: new TextValue('first') })
    all.set(secretId, found)
    return found
  }
  const versions: SecretVersions = {
    current: (secretId) => of(secretId).current(),
    read: (secretId, versionId) => of(secretId).read(secretId, versionId),
    stage: (write, version) => of(write.secretId).stage(write, version),
    promote: (write, move) => of(write.secretId).promote(write, move),
    discard: (write, versionId) => of(write.secretId).discard(write, versionId),
  }
  const engine = rotationEngine({ journal, versions, rotators: [rotator], clock, random })
  return {
    clock,
    journal,
    engine,
    begin: (secretId) => engine.begin({ secretId, rotator: rotator.name }),
    stateOf: async (secretId) => (await journal.load(secretId))?.rotation.state,
  }
}

describe('a runner', () => {
  it('carries on what another process left behind', async () => {
    const { clock, begin, stateOf, ...parts } = make()
    await begin('a')
    const runner = startRotationRunner({ ...parts, clock })
    await clock.advance(0)
    expect(await stateOf('a')).toBe('finished')
    await runner.stop()
  })

  it('looks again at its time, and at once when it is woken', async () => {
    const { clock, begin, stateOf, ...parts } = make()
    const runner = startRotationRunner({ ...parts, clock, everyMs: 1_000 })
    await clock.advance(0)
    await begin('a')
    await clock.advance(999)
    expect(await stateOf('a')).toBe('planned')
    await clock.advance(1)
    expect(await stateOf('a')).toBe('finished')
    await begin('b')
    runner.wake()
    await clock.advance(0)
    expect(await stateOf('b')).toBe('finished')
    await runner.stop()
  })

  it('leaves what waits for its time', async () => {
    let sets = 0
    const { clock, begin, ...parts } = make({
      set: async () => {
        sets += 1
        throw new SecretsError('unavailable', 'It is down.')
      },
    })
    await begin('a')
    const runner = startRotationRunner({ ...parts, clock, everyMs: 10 })
    await clock.advance(60_000)
    // Five up to the breaker, at whose pace it is tried from then on.
    expect(sets).toBe(5)
    await runner.stop()
  })

  it('is held up by no damaged record, and tells of it', async () => {
    const { clock, begin, stateOf, journal, engine } = make()
    for (const secretId of ['a', 'b', 'c']) await begin(secretId)
    const load = journal.load.bind(journal)
    const damaged: RotationEngine = {
      begin: (request) => engine.begin(request),
      requestRollback: (secretId) => engine.requestRollback(secretId),
      advance: async (secretId, ending) => {
        if (secretId === 'a') throw new SecretsError('integrity', 'It is damaged.')
        return engine.advance(secretId, ending)
      },
    }
    const errors: string[] = []
    const runner = startRotationRunner({ engine: damaged, journal, clock, onError: ({ code }) => errors.push(code) })
    for (let turn = 0; turn < 5; turn += 1) await clock.advance(0)
    expect([await stateOf('b'), await stateOf('c'), errors]).toEqual(['finished', 'finished', ['integrity']])
    expect((await load('a'))?.rotation.state).toBe('planned')
    await runner.stop()
  })

  it('that is stopped waits for the step under way, and begins no further one', async () => {
    let goOn = (): void => undefined
    const { clock, begin, stateOf, ...parts } = make({
      set: () =>
        new Promise((resolve) => {
          goOn = () => resolve('accepted')
        }),
    })
    await begin('a')
    const runner = startRotationRunner({ ...parts, clock })
    await clock.advance(0)
    let isStopped = false
    const stopped = runner.stop().then(() => {
      isStopped = true
    })
    await clock.advance(1_900)
    expect(isStopped).toBe(false)
    goOn()
    await stopped
    expect(await stateOf('a')).toBe('set')
    expect(clock.waiting).toBe(0)
  })

  it('that is stopped gives up a step that hangs, and leaves it to the next one at once', async () => {
    let hangs = true
    const signals: AbortSignal[] = []
    const { clock, begin, stateOf, ...parts } = make({
      set: ({ signal }) => {
        signals.push(signal)
        return hangs ? new Promise(() => undefined) : Promise.resolve('accepted')
      },
    })
    await begin('a')
    const runner = startRotationRunner({ ...parts, clock })
    await clock.advance(0)
    const stopped = runner.stop()
    await clock.advance(2_000)
    await stopped
    expect(signals[0]?.aborted).toBe(true)
    expect([await stateOf('a'), clock.waiting]).toEqual(['created', 0])
    hangs = false
    const next = startRotationRunner({ ...parts, clock })
    await clock.advance(0)
    expect(await stateOf('a')).toBe('finished')
    await next.stop()
  })

  it('is held up by no step that hangs', async () => {
    const { clock, begin, stateOf, ...parts } = make({
      set: ({ secretId }) => (secretId === 'a' ? new Promise(() => undefined) : Promise.resolve('accepted')),
    })
    await begin('a')
    const runner = startRotationRunner({ ...parts, clock })
    await clock.advance(0)
    await begin('b')
    runner.wake()
    await clock.advance(0)
    expect([await stateOf('a'), await stateOf('b')]).toEqual(['created', 'finished'])
    const stopped = runner.stop()
    await clock.advance(2_000)
    await stopped
  })
})
