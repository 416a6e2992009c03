import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { SecretQuota } from './secret-quota.ts'

const start = (there: number) => {
  const state = { there, counts: 0 }
  const clock = fakeClock()
  const countIn = async (): Promise<number> => {
    state.counts += 1
    return state.there
  }
  return { state, clock, quota: new SecretQuota({ secrets: { countIn }, clock, max: 3 }) }
}

describe('the quota of secrets', () => {
  it('lets as many be made as there is room for', async () => {
    const { quota, state } = start(1)
    await quota.require('1', 'a')
    await quota.require('1', 'a')
    expect(state.counts).toBe(1)
    state.there = 3
    await expect(quota.require('1', 'a')).rejects.toMatchObject({ type: 'LimitExceededException' })
  })

  it('refuses nobody before it has counted again: a deleted secret makes room', async () => {
    const { quota, state } = start(2)
    await quota.require('1', 'a')
    state.there = 2
    await quota.require('1', 'a')
    expect(state.counts).toBe(2)
  })

  it('sees within a minute what others have made, and keeps accounts apart', async () => {
    const { quota, state, clock } = start(0)
    await quota.require('1', 'a')
    state.there = 3
    await clock.advance(60_001)
    await expect(quota.require('1', 'a')).rejects.toMatchObject({ type: 'LimitExceededException' })
    state.there = 0
    await quota.require('2', 'a')
  })
})
