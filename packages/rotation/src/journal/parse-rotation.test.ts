import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rotation } from '../machine/rotation.ts'
import { parseRotation, rotationText } from './parse-rotation.ts'

const facts = {
  schema: 1,
  secretId: 'a',
  rotationId: 'r',
  rotator: 'postgres',
  startedAtMs: 1,
  changedAtMs: 2,
  pendingVersion: 'v2',
  replaced: 0,
} as const

const rotations: readonly Rotation[] = [
  { ...facts, state: 'planned' },
  {
    ...facts,
    state: 'checked',
    currentVersion: 'v1',
    retry: { failures: 2, sinceMs: 1, notBeforeMs: 9, code: 'timeout' },
  },
  { ...facts, state: 'created', currentVersion: 'v1', alert: { kind: 'failing', raisedAtMs: 3, told: false } },
  {
    ...facts,
    state: 'canary',
    currentVersion: 'v1',
    canaryAtMs: 8,
    promoteAtMs: 9,
    canary: { percent: 0.5, observeMs: 9, maxRefusals: 0 },
  },
  { ...facts, state: 'verified', currentVersion: 'v1', verifiedAtMs: 1, retireAtMs: 9 },
  {
    ...facts,
    state: 'finished',
    currentVersion: 'v1',
    endedAtMs: 9,
    alert: { kind: 'unacknowledged', raisedAtMs: 3, told: false, laggards: [{ id: 'a', name: 'billing' }] },
  },
  { ...facts, state: 'rolling-back', currentVersion: 'v1', step: 'revert', cause: 'refused', afterwards: 'replace' },
  { ...facts, state: 'rolled-back', cause: 'given_up', endedAtMs: 9 },
  { ...facts, state: 'failed', cause: 'no_valid_credential', endedAtMs: 9 },
]
const codeOf = (text: string): unknown => {
  try {
    parseRotation(text)
    return undefined
  } catch (error) {
    return (error as { code: unknown }).code
  }
}

describe('the record of a rotation', () => {
  it.each(rotations)('is read as it was written: $state', (rotation) => {
    expect(parseRotation(rotationText(rotation))).toEqual(rotation)
  })

  it.each(rotations)('is none without any one of its members: $state', (rotation) => {
    for (const name of Object.keys(rotation).filter((key) => !['retry', 'alert'].includes(key))) {
      const { [name as 'state']: _, ...rest } = rotation
      expect(codeOf(JSON.stringify(rest)), name).toBe('integrity')
    }
  })

  it.each(rotations)('is none with a member too many, such as a value: $state', (rotation) => {
    expect(codeOf(JSON.stringify({ ...rotation, value: 'x' }))).toBe('integrity')
  })

  it('of a newer version is told as such', () => {
    expect(codeOf(JSON.stringify({ schema: 2, whatever: true }))).toBe('unsupported')
  })

  it('is refused without being quoted', () => {
    expect(() => parseRotation('hunter2')).not.toThrow(/hunter2/)
    expect(codeOf('hunter2')).toBe('integrity')
  })

  it('is a SecretsError for any other JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(codeOf(text)).toMatch(/integrity|unsupported/)
      }),
    )
  })
})
