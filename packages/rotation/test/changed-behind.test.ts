import { TextValue } from '@keyplane/core'
import type { Rotation } from '@keyplane/rotation'
import { describe, expect, it } from 'vitest'
import { badShape } from '../src/rotators/credential.ts'
import { Killed } from './model/faults.ts'
import { alertsOf, begin, made } from './model/made.ts'
import type { targets } from './model/targets.ts'
import { secretId, type World } from './model/world.ts'

describe('somebody who changes the password behind its back', () => {
  it('before a rotation is noticed, and repaired where the rotator can', async () => {
    const world = made('one user, by an administrator')
    world.target.meddle()
    world.isMeddledWith = true
    const { rotation } = await world.rotate()
    expect(rotation.state).toBe('finished')
    const value = (await world.versions.current()).value
    expect(world.target.accepts(value)).toBe(true)
    expect(alertsOf(world)).toEqual(['changed_behind'])
  })

  it('before a rotation is told where the rotator cannot repair it, and nothing is touched', async () => {
    const world = made('one user')
    world.target.meddle()
    world.isMeddledWith = true
    const { rotation } = await world.rotate()
    expect(rotation).toMatchObject({ state: 'failed', cause: 'no_valid_credential' })
    expect([...world.versions.stages]).toEqual([['current', 'v0']])
    expect(alertsOf(world)).toEqual(['no_valid_credential'])
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
    expect(alertsOf(world)).toEqual(['no_valid_credential'])
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
    expect([rotation.state, ...alertsOf(world)]).toEqual(['finished', 'kept_new'])
    expect(world.target.accepts((await world.versions.current()).value)).toBe(true)
  })

  it('is not said to have what it had, where nothing can be repaired', async () => {
    const { world, rotation } = await takenBack('one user')
    expect([rotation.state, ...alertsOf(world)]).toEqual(['failed', 'no_valid_credential'])
  })
})
