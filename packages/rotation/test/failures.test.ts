import { TextValue } from '@keyplane/core'
import { type Rotation, rotationEngine } from '@keyplane/rotation'
import { memoryJournal, memoryVersions } from '@keyplane/rotation/testing'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { badShape } from '../src/rotators/credential.ts'
import { type Fate, Killed } from './model/faults.ts'
import { targets } from './model/targets.ts'
import { secretId, World } from './model/world.ts'

const made = (name: keyof typeof targets, fates: readonly Fate[] = [], policy = {}): World => {
  const target = targets[name]?.()
  if (!target) throw new Error('There is no such target.')
  return new World(target, fates, policy)
}
const begin = (world: World) => world.engine().begin({ secretId, rotator: world.target.rotator().name })
const kinds = (world: World) => world.alerts.map(({ kind }) => kind)
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
    expect(kinds(world)).toEqual(['failing'])
    expect(rotation.alert).toBeUndefined()
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
    expect(kinds(world)).toEqual(['failing', 'failing'])
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
    expect(kinds(world)).toEqual(['failing', 'rolled_back'])
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
    expect(kinds(world)).toEqual(['failing', 'not_retired'])
    expect(world.versions.stages.get('current')).toBe(rotation.pendingVersion)
  })
})

describe('an alert', () => {
  it('that nobody took is handed over again under the same identity', async () => {
    const world = made('one user')
    world.isMeddledWith = true
    world.target.meddle()
    await begin(world)
    let isDeaf = true
    const push = world.alerts.push.bind(world.alerts)
    world.alerts.push = (...alerts) => {
      push(...alerts)
      if (isDeaf) throw new Error('nobody there')
      return 0
    }
    await world.engine().advance(secretId)
    expect(await world.journal.due(world.nowMs, 10)).toEqual([secretId])
    isDeaf = false
    await world.engine().advance(secretId)
    expect(await world.journal.due(world.nowMs, 10)).toEqual([])
    expect(world.alerts.map(({ id }) => id)).toEqual([world.alerts[0]?.id, world.alerts[0]?.id])
  })
})

describe('an alert that nobody took', () => {
  it('is handed over before the next rotation takes its place', async () => {
    const world = made('one user')
    world.target.rotator().set = async () => 'refused'
    let isDeaf = true
    const push = world.alerts.push.bind(world.alerts)
    world.alerts.push = (...alerts) => {
      if (isDeaf) throw new Error('nobody there')
      return push(...alerts)
    }
    await begin(world)
    await world.engine().advance(secretId)
    isDeaf = false
    const next = await begin(world)
    expect([next.state, next.alert, kinds(world)]).toEqual(['planned', undefined, ['rolled_back']])
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
    expect(kinds(world)).toEqual([])
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
    expect(kinds(world)).toEqual(['rolled_back'])
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

describe('somebody who changes the password behind its back', () => {
  it('before a rotation is noticed, and repaired where the rotator can', async () => {
    const world = made('one user, by an administrator')
    world.target.meddle()
    world.isMeddledWith = true
    const { rotation } = await world.rotate()
    expect(rotation.state).toBe('finished')
    const value = (await world.versions.current()).value
    expect(world.target.accepts(value)).toBe(true)
    expect(kinds(world)).toEqual(['changed_behind'])
  })

  it('before a rotation is told where the rotator cannot repair it, and nothing is touched', async () => {
    const world = made('one user')
    world.target.meddle()
    world.isMeddledWith = true
    const { rotation } = await world.rotate()
    expect(rotation).toMatchObject({ state: 'failed', cause: 'no_valid_credential' })
    expect([...world.versions.stages]).toEqual([['current', 'v0']])
    expect(kinds(world)).toEqual(['no_valid_credential'])
  })

  it('during a rotation: nothing is thrown away, and it is told', async () => {
    const world = made('one user')
    world.isMeddledWith = true
    const rotator = world.target.rotator()
    const set = rotator.set.bind(rotator)
    rotator.set = async (call, credentials) => {
      const answer = await set(call, credentials)
      world.target.meddle()
      return answer
    }
    const { rotation } = await world.rotate()
    expect(rotation.state).toBe('failed')
    expect([...world.versions.stages.keys()].sort()).toEqual(['current', 'pending'])
    expect(kinds(world)).toEqual(['no_valid_credential'])
  })
})

describe('somebody who puts a value by hand during a rotation', () => {
  const putDuring = (world: World, value: string, isAccepted: boolean): void => {
    const rotator = world.target.rotator()
    const test = rotator.test.bind(rotator)
    let isPut = false
    rotator.test = async (call, tested) => {
      const isOurs = tested.reveal() !== world.target.first.reveal()
      const answer = await test(call, tested)
      if (!isPut && isOurs) {
        isPut = true
        world.versions.put({ versionId: 'by-hand', value: new TextValue(value) })
      }
      return isPut && tested.reveal() === value ? (isAccepted ? 'accepted' : 'refused') : answer
    }
  }

  it('keeps it where the target accepts it', async () => {
    const world = made('one user')
    world.isMeddledWith = true
    putDuring(world, 'app:by-hand', true)
    const { rotation } = await world.rotate()
    expect(rotation).toMatchObject({ state: 'rolled-back', cause: 'overtaken' })
    expect(world.versions.stages.get('current')).toBe('by-hand')
  })

  it('is overruled where the target refuses it', async () => {
    const world = made('one user')
    putDuring(world, 'app:nonsense', false)
    const { rotation } = await world.rotate()
    expect(rotation.state).toBe('finished')
    expect(world.versions.stages.get('current')).toBe(rotation.pendingVersion)
  })

  describe('that the rotator can make nothing of', () => {
    const putNonsense = async (steps: number): Promise<World> => {
      const world = made('one user')
      const rotator = world.target.rotator()
      const test = rotator.test.bind(rotator)
      rotator.test = async (call, value) => {
        if (value.reveal() === 'nonsense') throw badShape('is no login')
        return test(call, value)
      }
      await begin(world)
      world.stopAfter(steps)
      await expect(world.engine().advance(secretId)).rejects.toBeInstanceOf(Killed)
      world.stopAfter(undefined)
      world.versions.put({ versionId: 'by-hand', value: new TextValue('nonsense') })
      return world
    }

    it('is overruled as one that the target refuses', async () => {
      const world = await putNonsense(4)
      const { rotation } = await world.end()
      expect(rotation.state).toBe('finished')
      expect(world.versions.stages.get('current')).toBe(rotation.pendingVersion)
    })

    it('does not hold up that the rotation is taken back', async () => {
      const world = await putNonsense(4)
      // The first version has no stage until it is current again.
      world.isMeddledWith = true
      await world.engine().requestRollback(secretId)
      expect((await world.end()).rotation.state).toBe('rolled-back')
      expect(world.target.accepts(world.target.first)).toBe(true)
      expect(world.versions.stages.get('current')).toBe('v0')
    })
  })
})

describe('somebody who puts a value by hand once the new one is current', () => {
  it('is not judged by the rotation, and no credential is retired for it', async () => {
    const world = made('keys side by side')
    world.isMeddledWith = true
    const promote = world.versions.promote.bind(world.versions)
    world.versions.promote = async (write, move) => {
      await promote(write, move)
      world.versions.put({ versionId: 'by-hand', value: new TextValue('app:not-yet') })
    }
    const { rotation } = await world.rotate()
    expect(rotation.state).toBe('finished')
    expect(world.versions.stages.get('current')).toBe('by-hand')
    expect(world.target.accepts(world.target.first)).toBe(true)
  })

  it('keeps it where the rotation is taken back, at the target too', async () => {
    const world = made('one user, by an administrator')
    await begin(world)
    world.stopAfter(3)
    await expect(world.engine().advance(secretId)).rejects.toBeInstanceOf(Killed)
    world.stopAfter(undefined)
    const byHand = new TextValue('app:by-hand')
    world.versions.put({ versionId: 'by-hand', value: byHand })
    await world.target.rotator().set({} as never, { current: byHand, pending: byHand })
    await world.engine().requestRollback(secretId)
    expect((await world.end()).rotation.state).toBe('rolled-back')
    expect(world.target.accepts(byHand)).toBe(true)
    expect(world.versions.stages.get('current')).toBe('by-hand')
    expect(world.versions.stages.get('pending')).toBeUndefined()
  })
})

describe('a target that changes the credential in `create`, and whose answer is lost', () => {
  const takenBack = async (name: keyof typeof targets): Promise<{ world: World; rotation: Rotation }> => {
    const world = made(name)
    world.isMeddledWith = true
    const rotator = world.target.rotator()
    const set = rotator.set.bind(rotator)
    const pending = new TextValue('app:made-by-the-target')
    let isLost = true
    rotator.create = async (call, current) => {
      if (!isLost) return pending
      isLost = false
      await set(call, { current, pending })
      throw new Error('The answer is lost.')
    }
    rotator.revert = async () => undefined
    await begin(world)
    expect(await world.engine().advance(secretId)).toMatchObject({ rotation: { state: 'checked' } })
    await world.engine().requestRollback(secretId)
    return { world, rotation: (await world.end()).rotation }
  }

  it('is asked for it again by who takes the rotation back', async () => {
    const { world, rotation } = await takenBack('one user, by an administrator')
    expect([rotation.state, ...kinds(world)]).toEqual(['finished', 'kept_new'])
    expect(world.target.accepts((await world.versions.current()).value)).toBe(true)
  })

  it('is not said to have what it had, where nothing can be repaired', async () => {
    const { world, rotation } = await takenBack('one user')
    expect([rotation.state, ...kinds(world)]).toEqual(['failed', 'no_valid_credential'])
  })
})

describe('two processes', () => {
  it('never rotate one secret at once', async () => {
    const world = made('keys side by side')
    await begin(world)
    let sets = 0
    const rotator = world.target.rotator()
    const set = rotator.set.bind(rotator)
    rotator.set = async (call, credentials) => {
      sets += 1
      return set(call, credentials)
    }
    const advances = await Promise.all(Array.from({ length: 5 }, () => world.engine().advance(secretId)))
    expect(advances.filter(({ status }) => status === 'ended')).toHaveLength(1)
    expect(advances.filter(({ status }) => status === 'busy')).toHaveLength(4)
    expect(sets).toBe(1)
  })

  it('of which one was stopped in a step and wakes after the other went on: it writes nothing', async () => {
    const world = made('keys side by side')
    await begin(world)
    const rotator = world.target.rotator()
    const test = rotator.test.bind(rotator)
    let wake = (): void => undefined
    let isFirst = true
    rotator.test = async (call, value) => {
      if (isFirst) {
        isFirst = false
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return test(call, value)
    }
    const stopped = world.engine().advance(secretId)
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
    world.nowMs += 3_600_000
    const other = await world.engine().advance(secretId)
    const before = await world.journal.load(secretId)
    wake()
    expect(await stopped).toEqual({ status: 'busy' })
    expect(other.status).toBe('ended')
    expect(await world.journal.load(secretId)).toEqual(before)
  })

  it('of which one’s lease ended while it was stopped: it changes nothing at the target', async () => {
    const world = made('one user')
    await begin(world)
    const sets: number[] = []
    const rotator = world.target.rotator()
    const set = rotator.set.bind(rotator)
    rotator.set = async (call, credentials) => {
      world.nowMs += 3_600_000
      call.requireLease()
      sets.push(call.fence)
      return set(call, credentials)
    }
    expect(await world.engine().advance(secretId)).toEqual({ status: 'busy' })
    expect(sets).toEqual([])
  })

  it('that gave a step up let nothing of it happen late', async () => {
    const clock = fakeClock()
    const target = targets['keys side by side']?.()
    if (!target) throw new Error('There is no such target.')
    const rotator = target.rotator()
    const create = rotator.create.bind(rotator)
    let wake = (): void => undefined
    let isFirst = true
    rotator.create = async (call, current) => {
      const made = await create(call, current)
      if (!isFirst) return made
      isFirst = false
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      return made
    }
    const versions = memoryVersions({ versionId: 'v0', value: target.first })
    const engine = rotationEngine({
      journal: memoryJournal(clock),
      versions,
      rotators: [rotator],
      clock,
      random: seededRandom(1),
    })
    await engine.begin({ secretId, rotator: rotator.name })
    const slow = engine.advance(secretId)
    await clock.advance(30_000)
    expect(await slow).toMatchObject({ status: 'waiting', rotation: { state: 'checked', retry: { code: 'timeout' } } })
    await engine.requestRollback(secretId)
    expect(await engine.advance(secretId)).toMatchObject({ rotation: { state: 'rolled-back' } })
    wake()
    await clock.advance(1_000)
    expect([...versions.stages]).toEqual([['current', 'v0']])
  })

  it('are told tokens that grow', async () => {
    const world = made('one user')
    const fences: number[] = []
    const rotator = world.target.rotator()
    const create = rotator.create.bind(rotator)
    rotator.create = (call, current) => {
      fences.push(call.fence)
      return create(call, current)
    }
    for (let round = 0; round < 3; round += 1) await world.rotate()
    expect([...fences].sort((a, b) => a - b)).toEqual(fences)
    expect(new Set(fences).size).toBe(3)
  })
})

describe('a rotation', () => {
  it('that is under way is not begun again', async () => {
    const world = made('one user')
    const first = await begin(world)
    expect(await begin(world)).toEqual(first)
  })

  it('under the identifier of a version that is there is refused', async () => {
    const world = made('one user')
    const request = { secretId, rotator: 'single', pendingVersion: 'v0' }
    await expect(world.engine().begin(request)).rejects.toMatchObject({ code: 'conflict', reason: 'version_exists' })
  })

  it('makes no second credential once one is stored, though nobody wrote that down', async () => {
    const world = made('keys side by side')
    const rotator = world.target.rotator()
    const create = rotator.create.bind(rotator)
    let creates = 0
    rotator.create = (call, current) => {
      creates += 1
      return create(call, current)
    }
    await begin(world)
    world.stopAfter(1)
    await expect(world.engine().advance(secretId)).rejects.toBeInstanceOf(Killed)
    world.stopAfter(undefined)
    expect([creates, world.versions.values.size]).toEqual([1, 2])
    expect((await world.end()).rotation.state).toBe('finished')
    expect(creates).toBe(1)
  })

  it('leaves the old credential at the target until its grace is over', async () => {
    const world = made('keys side by side', [], { graceMs: 5_000 })
    await begin(world)
    const advance = await world.engine().advance(secretId)
    expect(advance).toMatchObject({ status: 'waiting', untilMs: world.nowMs + 5_000 })
    expect(world.target.accepts(world.target.first)).toBe(true)
    world.nowMs += 5_000
    await world.engine().advance(secretId)
    expect(world.target.accepts(world.target.first)).toBe(false)
  })

  it('keeps its lease through steps that take longer together', async () => {
    const world = made('keys side by side')
    const rotator = world.target.rotator()
    const test = rotator.test.bind(rotator)
    rotator.test = (call, value) => {
      world.nowMs += 25_000
      return test(call, value)
    }
    await begin(world)
    expect(await world.engine().advance(secretId)).toMatchObject({ rotation: { state: 'finished' } })
    expect(world.nowMs).toBeGreaterThan(world.startMs + 60_000)
  })

  it('has no value in its record', async () => {
    const world = made('one user')
    const { rotation } = await world.rotate()
    for (const value of world.versions.values.values())
      expect(JSON.stringify(rotation)).not.toContain(String(value.reveal()))
  })
})
