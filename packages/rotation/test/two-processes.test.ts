import { rotationEngine } from '@keyplane/rotation'
import { memoryJournal, memoryVersions } from '@keyplane/rotation/testing'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { begin, made } from './model/made.ts'
import { targets } from './model/targets.ts'
import { secretId } from './model/world.ts'

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

  it.each(Object.keys(targets))('that gave a promotion up and took it back promote nothing late: %s', async (name) => {
    const clock = fakeClock()
    const target = targets[name]?.()
    if (!target) throw new Error('There is no such target.')
    const versions = memoryVersions({ versionId: 'v0', value: target.first })
    const promote = versions.promote.bind(versions)
    const late: Promise<void>[] = []
    let wake = (): void => undefined
    versions.promote = (write, move) => {
      if (late.length > 0) return promote(write, move)
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      late.push(woken.then(() => promote(write, move)))
      return late[0] as Promise<void>
    }
    const rotator = target.rotator()
    const parts = { journal: memoryJournal(clock), versions, rotators: [rotator], clock, random: seededRandom(1) }
    const engine = rotationEngine(parts)
    await engine.begin({ secretId, rotator: rotator.name })
    const slow = engine.advance(secretId)
    await clock.advance(30_000)
    expect(await slow).toMatchObject({ status: 'waiting', rotation: { state: 'tested', retry: { code: 'timeout' } } })
    await engine.requestRollback(secretId)
    expect(await engine.advance(secretId)).toMatchObject({ rotation: { state: 'rolled-back' } })
    wake()
    await expect(late[0]).rejects.toMatchObject({ reason: 'lease_lost' })
    expect(versions.stages.get('current')).toBe('v0')
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
