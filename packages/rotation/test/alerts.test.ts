import { describe, expect, it } from 'vitest'
import { alertsOf, begin, made } from './model/made.ts'
import { secretId } from './model/world.ts'

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
    expect([next.state, next.alert, alertsOf(world)]).toEqual(['planned', undefined, ['rolled_back']])
  })
})
