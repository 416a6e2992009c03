import type { Rotation } from '@keyplane/rotation'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Fate, fates } from './model/faults.ts'
import { OpenBaoRole } from './model/openbao-role.ts'
import { targets } from './model/targets.ts'
import { World } from './model/world.ts'

const current = (world: World): string => world.versions.stages.get('current') ?? ''

/** What holds of every rotation that has ended, whatever befell it. */
const expectGoodEnd = (world: World, rotation: Rotation): void => {
  expect(['finished', 'rolled-back']).toContain(rotation.state)
  const value = world.versions.values.get(current(world))
  expect(value && world.target.accepts(value), 'what readers get is accepted').toBe(true)
  expect(current(world)).toBe(rotation.state === 'finished' ? rotation.pendingVersion : 'v0')
  expect(world.versions.stages.get('pending')).toBeUndefined()
}

describe.each(Object.entries(targets))('a rotation of %s', (_, target) => {
  it('makes a new credential current', async () => {
    const world = new World(target())
    const { rotation } = await world.rotate()
    expect(rotation.state).toBe('finished')
    expectGoodEnd(world, rotation)
    expect(world.versions.stages.get('previous')).toBe('v0')
    expect(world.alerts).toEqual([])
  })

  it.each(fates)('that meets "%s" at any one of its calls comes to a good end', async (fate) => {
    const calm = new World(target())
    await calm.rotate()
    for (let at = 0; at < calm.faults.calls; at += 1) {
      const world = new World(target(), [...Array.from({ length: at }, (): Fate => 'fine'), fate])
      const { rotation } = await world.rotate()
      expectGoodEnd(world, rotation)
    }
  })

  it('that is taken back at any of its steps ends with the old credential, or cannot be taken back any more', async () => {
    for (let steps = 0; steps < 8; steps += 1) {
      const world = new World(target())
      const { name: rotator } = world.target.rotator()
      await world.engine().begin({ secretId: 'prod/db', rotator })
      world.stopAfter(steps)
      await world
        .engine()
        .advance('prod/db')
        .catch(() => undefined)
      world.stopAfter(undefined)
      const asked = await world
        .engine()
        .requestRollback('prod/db')
        .catch((error: { code?: string }) => error.code)
      const { rotation } = await world.end()
      if (asked === 'unsupported') continue
      expectGoodEnd(world, rotation)
      expect(rotation.state, `after ${steps} steps`).toBe('rolled-back')
    }
  })

  it('comes to a good end through any row of faults, with a credential that is accepted at every moment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...fates, 'fine', 'fine'), { maxLength: 60 }), async (row) => {
        const world = new World(target(), row as Fate[])
        const { rotation } = await world.rotate()
        expectGoodEnd(world, rotation)
      }),
      { numRuns: 500 },
    )
  })

  it('is followed by others, each from where the last one ended', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...fates, 'fine'), { maxLength: 120 }), async (row) => {
        const world = new World(target(), row as Fate[])
        for (let round = 0; round < 3; round += 1) {
          const before = current(world)
          const { rotation } = await world.rotate()
          expect(current(world)).toBe(rotation.state === 'finished' ? rotation.pendingVersion : before)
          world.look()
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe('a target that makes its users itself', () => {
  it.each(fates)('keeps but one that nobody heard of, or whose process died, where a call meets "%s"', async (fate) => {
    const calm = new World(new OpenBaoRole())
    await calm.rotate()
    for (let at = 0; at < calm.faults.calls; at += 1) {
      const target = new OpenBaoRole()
      const world = new World(target, [...Array.from({ length: at }, (): Fate => 'fine'), fate])
      await world.rotate()
      const left = target.users.size - 1
      expect(left).toBeLessThanOrEqual(1)
      if (fate.startsWith('crash')) expect(left).toBeGreaterThanOrEqual(target.unheard)
      else expect(left).toBe(target.unheard)
    }
  })
})
