import { SecretsError } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { targets } from './model/targets.ts'
import { secretId, World } from './model/world.ts'

const world = (): World => {
  const target = targets['one user']?.()
  if (!target) throw new Error('There is no such target.')
  return new World(target)
}
/** Steps, how they ended and with what. */
const told = ({ notices }: World) =>
  notices.map(({ effect = '', outcome = '', failure, from = '', to }) => [
    `${from} ${effect} ${to}`.trim(),
    outcome,
    ...(failure ? [failure] : []),
  ])

describe('what is told of a rotation', () => {
  it('is each step with how it ended', async () => {
    const one = world()
    await one.rotate()
    expect(told(one)).toEqual([
      ['planned', ''],
      ['planned check checked', 'done'],
      ['checked create created', 'done'],
      ['created set set', 'done'],
      ['set test tested', 'done'],
      ['tested promote promoted', 'done'],
      ['promoted verify verified', 'done'],
      ['verified retire finished', 'done'],
    ])
  })

  it('is a failure by its code and reason, and never what anybody said', async () => {
    const one = world()
    const rotator = one.target.rotator()
    const thrown = [
      new SecretsError('unavailable', 'password "hunter2" is wrong', { reason: 'refused' }),
      new Error('password "hunter2" is wrong'),
    ]
    const set = rotator.set.bind(rotator)
    rotator.set = async (...given) => {
      const error = thrown.shift()
      if (error) throw error
      return set(...given)
    }
    await one.rotate()
    expect(told(one).slice(3, 6)).toEqual([
      ['created set created', 'failed', { code: 'unavailable', reason: 'refused' }],
      ['created set created', 'failed', { code: 'internal' }],
      ['created set set', 'done'],
    ])
    expect(JSON.stringify(one.notices)).not.toContain('hunter2')
  })

  it('is a certain no of the target, and that somebody asked for a rollback', async () => {
    const one = world()
    one.target.rotator().test = async () => 'refused'
    await one.rotate()
    expect(told(one)[1]).toEqual(['planned check failed', 'refused'])
    const other = world()
    await other.engine().begin({ secretId, rotator: other.target.rotator().name })
    await other.engine().requestRollback(secretId)
    expect(told(other)).toEqual([
      ['planned', ''],
      ['planned  rolled-back', ''],
    ])
  })

  it('is nothing where what is being taken back is to be taken back', async () => {
    const one = world()
    const rotator = one.target.rotator()
    rotator.set = rotator.revert = async () => {
      throw new SecretsError('unavailable', 'It is down.')
    }
    await one.engine().begin({ secretId, rotator: rotator.name })
    await one.engine().advance(secretId)
    await one.engine().requestRollback(secretId)
    await one.engine().advance(secretId)
    const before = [await one.journal.load(secretId), one.notices.length]
    await one.engine().requestRollback(secretId)
    expect([await one.journal.load(secretId), one.notices.length]).toEqual(before)
    expect(one.notices.at(-1)).toMatchObject({ to: 'rolling-back', outcome: 'failed' })
  })
})
