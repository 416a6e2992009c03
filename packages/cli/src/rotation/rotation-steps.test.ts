import type { TailRecord } from '@keyplane/store'
import { describe, expect, it } from 'vitest'
import { isRepeated, meaningOf, stepsAmong } from './rotation-steps.ts'

const record = (seq: number, action: string, atMs: number, detail?: Record<string, string>): TailRecord => ({
  chainId: 'one',
  seq,
  record: {
    atMs,
    actor: 'keyplane:rotation',
    action,
    resource: 'arn:one',
    decision: 'allow',
    requestId: 'r',
    ...(detail && { detail }),
  },
})

describe('the steps of a rotation in an audit log', () => {
  it('are told in the order in which they were done, and nothing else is', () => {
    const steps = stepsAmong([
      record(1, 'secretsmanager:RotateSecret', 1),
      record(2, 'keyplane:RotationStep', 3, { State: 'checked', Step: 'check' }),
      record(3, 'keyplane:RotationStep', 2, { State: 'planned' }),
      record(4, 'keyplane:RotationStep', 4, { State: 'set', Step: 'set' }),
      record(5, 'keyplane:RotationStep', 4, { State: 'created', Step: 'create' }),
    ])
    expect(steps).toEqual([
      { atMs: 2, arn: 'arn:one', state: 'planned' },
      { atMs: 3, arn: 'arn:one', state: 'checked', step: 'check' },
      { atMs: 4, arn: 'arn:one', state: 'created', step: 'create' },
      { atMs: 4, arn: 'arn:one', state: 'set', step: 'set' },
    ])
  })

  it('that left the state as it was are done once more', () => {
    const [failed, done] = stepsAmong([
      record(1, 'keyplane:RotationStep', 1, { State: 'created', Step: 'set', Code: 'unavailable', Reason: 'refused' }),
      record(2, 'keyplane:RotationStep', 2, { State: 'set', Step: 'set' }),
    ])
    expect([failed, done].map((step) => step && isRepeated(step))).toEqual([true, false])
    expect(failed && meaningOf(failed, false)).toBe('did not succeed (unavailable, refused); it is tried again')
  })
})
