import { SecretsError } from '@keyplane/core'
import type { Rotation } from '@keyplane/rotation'
import { describe, expect, it } from 'vitest'
import { alertsOf, begin, made } from './model/made.ts'
import { secretId, type World } from './model/world.ts'

/** Lets a rotator's call fail as long as a condition holds. */
const failing = (world: World, call: 'set' | 'test' | 'retire', isDown: () => boolean): void => {
  const rotator = world.target.rotator()
  const real = rotator[call].bind(rotator) as (...given: readonly unknown[]) => Promise<unknown>
  Object.assign(rotator, {
    [call]: async (...given: readonly unknown[]) => {
      if (isDown()) throw new Error('It is down.')
      return real(...given)
    },
  })
}
/** The moments at which something was tried. */
const triesUntilEnded = async (world: World): Promise<{ tries: number[]; rotation: Rotation }> => {
  const tries: number[] = []
  await begin(world)
  for (;;) {
    tries.push(world.nowMs)
    const advance = await world.engine().advance(secretId)
    if (advance.status === 'ended') return { tries, rotation: advance.rotation }
    if (advance.status !== 'waiting') throw new Error(advance.status)
    world.nowMs = advance.untilMs
  }
}

describe('a target that is down for an hour', () => {
  const hour = 3_600_000

  it('is asked ever more rarely, told of once, and the rotation ends when it is back', async () => {
    const world = made('one user')
    const startMs = world.nowMs
    failing(world, 'set', () => world.nowMs < startMs + hour)
    const { tries, rotation } = await triesUntilEnded(world)
    expect(rotation.state).toBe('finished')
    // Twelve at five minutes each, and those before the breaker opened.
    expect(tries.length).toBeLessThan(22)
    const gaps = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(330_000)
    expect(gaps.slice(0, 4).every((gap) => gap <= 8_000)).toBe(true)
    expect(alertsOf(world)).toEqual(['failing'])
    expect(rotation.alert).toBeUndefined()
  })

  it('is asked at once where somebody asks for that, and once', async () => {
    const world = made('one user')
    failing(world, 'set', () => true)
    await begin(world)
    const failures = async (how = {}): Promise<number | undefined> => {
      const advance = await world.engine().advance(secretId, undefined, how)
      return advance.status === 'waiting' ? advance.rotation.retry?.failures : undefined
    }
    expect([await failures(), await failures(), await failures({ atOnce: true })]).toEqual([1, 1, 2])
  })

  it('is asked again once a clock that was ahead is right', async () => {
    const world = made('one user')
    let isDown = true
    failing(world, 'set', () => isDown)
    const year = 365 * 24 * hour
    world.nowMs += year
    await begin(world)
    expect((await world.engine().advance(secretId)).status).toBe('waiting')
    world.nowMs -= year
    const first = await world.engine().advance(secretId)
    expect(first).toMatchObject({ status: 'waiting', rotation: { retry: { failures: 2, sinceMs: world.nowMs } } })
    isDown = false
    expect((await world.end()).rotation.state).toBe('finished')
  })

  it('leaves the old credential current and accepted all the while', async () => {
    const world = made('one user')
    const startMs = world.nowMs
    failing(world, 'set', () => world.nowMs < startMs + hour)
    await begin(world)
    for (let advance = await world.engine().advance(secretId); advance.status === 'waiting'; ) {
      if (world.nowMs < startMs + hour) {
        expect(world.versions.stages.get('current')).toBe('v0')
        expect(world.target.accepts(world.target.first)).toBe(true)
      }
      world.nowMs = advance.untilMs
      advance = await world.engine().advance(secretId)
    }
  })

  it('is told of again where it fails anew after a step that succeeded', async () => {
    const world = made('one user')
    const startMs = world.nowMs
    failing(world, 'set', () => world.nowMs < startMs + hour)
    const { rotation } = await triesUntilEnded(world)
    const from = world.nowMs
    failing(world, 'test', () => world.nowMs < from + hour)
    expect(rotation.state).toBe('finished')
    await triesUntilEnded(world)
    expect(alertsOf(world)).toEqual(['failing', 'failing'])
    expect(new Set(world.alerts.map(({ id }) => id)).size).toBe(2)
  })

  it('for good is given up: the pending version goes, the old one stays', async () => {
    const world = made('one user', [], { giveUpAfterMs: hour })
    let isSet = false
    failing(world, 'set', () => {
      isSet = true
      return true
    })
    const { rotation } = await triesUntilEnded(world)
    expect([isSet, rotation.state]).toEqual([true, 'rolled-back'])
    expect(rotation).toMatchObject({ cause: 'given_up' })
    expect([...world.versions.stages]).toEqual([['current', 'v0']])
    expect(alertsOf(world)).toEqual(['failing', 'rolled_back'])
  })
})

describe('a target that says yes and no by turns', () => {
  it('is asked ever more rarely, and told of', async () => {
    const world = made('one user')
    world.isMeddledWith = true
    const rotator = world.target.rotator()
    let asked = 0
    rotator.test = async (_, value) => {
      if (value.reveal() === world.target.first.reveal()) return world.target.accepts(value) ? 'accepted' : 'refused'
      return (asked += 1) % 2 === 1 ? 'accepted' : 'refused'
    }
    rotator.revert = async () => undefined
    await begin(world)
    for (const startMs = world.nowMs; world.nowMs < startMs + 3_600_000; ) {
      const advance = await world.engine().advance(secretId)
      if (advance.status !== 'waiting') break
      world.nowMs = advance.untilMs
    }
    expect(asked).toBeLessThan(60)
    expect(alertsOf(world)).toContain('kept_new')
  })
})

describe('a version that can’t be made current', () => {
  it('is taken back after a day', async () => {
    const world = made('one user')
    world.versions.promote = async (_, { to }) => {
      if (to !== 'v0') throw new SecretsError('unavailable', 'Its key is disabled.')
    }
    const { rotation } = await triesUntilEnded(world)
    expect(rotation).toMatchObject({ state: 'rolled-back', cause: 'given_up' })
    expect(world.target.accepts(world.target.first)).toBe(true)
    expect(alertsOf(world)).toEqual(['failing', 'rolled_back'])
  })
})

describe('an old credential that can’t be taken from its target', () => {
  it('holds up the next rotation for a day, and is told of', async () => {
    const world = made('keys side by side')
    const startMs = world.nowMs
    failing(world, 'retire', () => true)
    const { rotation } = await triesUntilEnded(world)
    expect(rotation.state).toBe('finished')
    expect(world.nowMs - startMs).toBeGreaterThanOrEqual(86_400_000)
    expect(alertsOf(world)).toEqual(['failing', 'not_retired'])
    expect(world.versions.stages.get('current')).toBe(rotation.pendingVersion)
  })
})

describe('a pending version that the target refuses', () => {
  it('is replaced by another one', async () => {
    const world = made('one user')
    const refused: string[] = []
    const rotator = world.target.rotator()
    const set = rotator.set.bind(rotator)
    rotator.set = async (call, credentials) => {
      if (refused.length > 1) return set(call, credentials)
      refused.push(call.pendingVersion)
      return 'refused'
    }
    const { rotation } = await world.rotate()
    expect(rotation).toMatchObject({ state: 'finished', replaced: 2 })
    expect(refused).not.toContain(rotation.pendingVersion)
    expect(new Set(refused).size).toBe(2)
    expect(alertsOf(world)).toEqual([])
  })

  it('is not replaced for ever', async () => {
    const world = made('one user')
    let tries = 0
    world.target.rotator().set = async () => {
      tries += 1
      return 'refused'
    }
    const { rotation } = await world.rotate()
    expect(rotation).toMatchObject({ state: 'rolled-back', cause: 'refused' })
    expect(tries).toBe(3)
    expect([...world.versions.stages]).toEqual([['current', 'v0']])
    expect(alertsOf(world)).toEqual(['rolled_back'])
  })

  it('is taken from the target too, where that took it and said no', async () => {
    const world = made('keys side by side')
    const rotator = world.target.rotator()
    const set = rotator.set.bind(rotator)
    rotator.set = async (call, credentials) => {
      await set(call, credentials)
      return 'refused'
    }
    const { rotation } = await world.rotate()
    expect(rotation.state).toBe('rolled-back')
    for (const [versionId, value] of world.versions.values) expect(world.target.accepts(value)).toBe(versionId === 'v0')
  })
})
