import { describe, expect, it } from 'vitest'
import { Killed } from './model/faults.ts'
import { begin, made } from './model/made.ts'
import { secretId } from './model/world.ts'

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
