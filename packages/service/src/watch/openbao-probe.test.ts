import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { clusterStanding, openBaoProbe, openHealth } from './openbao-probe.ts'

describe('OpenBao’s health', () => {
  it.each([
    [['active', 'standby', 'standby'], true, 'active'],
    [['unreachable', 'active'], true, 'active'],
    [['standby'], true, 'standby'],
    [['standby', 'standby'], true, 'standby'],
    [['unreachable', 'standby', 'standby'], false, 'no_leader'],
    [['hung', 'standby'], false, 'no_leader'],
    [['sealed', 'sealed'], false, 'sealed'],
    [['uninitialised'], false, 'uninitialised'],
    [['hung'], false, 'hung'],
    [['unreachable', 'hung'], false, 'unreachable'],
  ] as const)('of nodes that are %j is well: %s', (states, isWell, state) => {
    expect(clusterStanding(states)).toEqual({ isWell, state })
  })

  it('that can’t be asked at all is none', async () => {
    const probe = openBaoProbe({ health: () => Promise.reject(new Error('closed')) }, fakeClock())
    expect(await probe()).toEqual({ isWell: false, state: 'unreachable' })
  })

  it('is asked of OpenBao alone', async () => {
    const parts = { env: {}, clock: fakeClock() }
    expect(await openHealth({ kind: 'named', name: 'aws', variables: {} }, parts)).toBeUndefined()
    expect(await openHealth({ kind: 'file', folder: '/x' }, parts)).toBeUndefined()
  })
})
