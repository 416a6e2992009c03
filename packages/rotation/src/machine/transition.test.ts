import { describe, expect, it } from 'vitest'
import { type Effect, nextEffect } from './effect.ts'
import type { RotationEvent } from './event.ts'
import { defaultPolicy, waitMs } from './policy.ts'
import { parseRotation, rotationText } from '../journal/parse-rotation.ts'
import { dueAtMs, type Rotation, type RotationState } from './rotation.ts'
import { transition } from './transition.ts'

const facts = {
  schema: 1,
  secretId: 'a',
  rotationId: 'r',
  rotator: 'x',
  startedAtMs: 1,
  changedAtMs: 1,
  pendingVersion: 'v1',
  replaced: 0,
} as const
const known = { ...facts, currentVersion: 'v0' } as const
const canary = { percent: 50, observeMs: 1_000, maxRefusals: 0 }
const back = (step: 'revert' | 'restore' | 'discard', afterwards: 'end' | 'replace' = 'end'): Rotation => ({
  ...known,
  state: 'rolling-back',
  step,
  cause: 'refused',
  afterwards,
})
const states: Readonly<Record<RotationState, Rotation>> = {
  planned: { ...facts, state: 'planned' },
  checked: { ...known, state: 'checked' },
  created: { ...known, state: 'created' },
  set: { ...known, state: 'set' },
  canary: { ...known, canary, state: 'canary', canaryAtMs: 0, promoteAtMs: 1, lookAtMs: 1 },
  tested: { ...known, state: 'tested' },
  promoted: { ...known, state: 'promoted' },
  verified: { ...known, state: 'verified', verifiedAtMs: 1, retireAtMs: 1 },
  'rolling-back': back('revert'),
  finished: { ...known, state: 'finished', endedAtMs: 1 },
  'rolled-back': { ...facts, state: 'rolled-back', cause: 'refused', endedAtMs: 1 },
  failed: { ...known, state: 'failed', cause: 'no_valid_credential', endedAtMs: 1 },
}
const parts = { policy: defaultPolicy, newVersion: 'v2' }
const atMs = 100
const done = (effect: Exclude<Effect, 'check'>): RotationEvent => ({ kind: 'done', effect, atMs })
const refused = (effect: 'set' | 'test' | 'observe' | 'promote' | 'verify'): RotationEvent => ({
  kind: 'refused',
  effect,
  atMs,
})
const checked = (accepted: boolean, repairs: boolean): RotationEvent => ({
  kind: 'checked',
  currentVersion: 'v0',
  accepted,
  repairs,
  atMs,
})
const irreversible = (newAccepted: boolean): RotationEvent => ({ kind: 'irreversible', newAccepted, atMs })
const after = (rotation: Rotation, event: RotationEvent): Rotation => transition(rotation, event, parts)
const nameOf = (rotation: Rotation): string =>
  rotation.state === 'rolling-back' ? `${rotation.step}, then ${rotation.afterwards}` : rotation.state

describe('what a rotation becomes', () => {
  it.each<[string, Rotation, RotationEvent, string, Effect | undefined]>([
    ['is checked', states.planned, checked(true, false), 'checked', 'create'],
    ['was changed, and can be repaired', states.planned, checked(false, true), 'checked', 'create'],
    ['was changed, and can’t be repaired', states.planned, checked(false, false), 'failed', undefined],
    ['has a pending version', states.checked, done('create'), 'created', 'set'],
    ['is set', states.created, done('set'), 'set', 'test'],
    ['is refused', states.created, refused('set'), 'revert, then replace', 'revert'],
    ['is tested', states.set, done('test'), 'tested', 'promote'],
    ['is not accepted', states.set, refused('test'), 'revert, then replace', 'revert'],
    ['is tested, with a canary', { ...states.set, canary }, done('test'), 'canary', 'observe'],
    ['fares well', states.canary, done('observe'), 'tested', 'promote'],
    ['is refused to consumers', states.canary, refused('observe'), 'revert, then end', 'revert'],
    ['is refused to consumers at last', { ...states.tested, canary }, refused('promote'), 'revert, then end', 'revert'],
    ['is promoted', states.tested, done('promote'), 'promoted', 'verify'],
    ['is overtaken', states.tested, { kind: 'overtaken', atMs }, 'discard, then end', 'discard'],
    ['is verified', states.promoted, done('verify'), 'verified', 'retire'],
    ['is not verified', states.promoted, refused('verify'), 'revert, then end', 'revert'],
    ['is retired', states.verified, done('retire'), 'finished', undefined],
    ['is reverted', back('revert'), done('revert'), 'restore, then end', 'restore'],
    ['can’t be reverted, and is accepted', back('revert'), irreversible(true), 'tested', 'promote'],
    ['can’t be reverted, nor used', back('revert'), irreversible(false), 'failed', undefined],
    ['is restored', back('restore'), done('restore'), 'discard, then end', 'discard'],
    ['is discarded', back('discard'), done('discard'), 'rolled-back', undefined],
    ['is discarded for another one', back('discard', 'replace'), done('discard'), 'checked', 'create'],
  ])('where it %s', (_, rotation, event, state, effect) => {
    const next = after(rotation, event)
    expect([nameOf(next), nextEffect(next)]).toEqual([state, effect])
    expect(next.changedAtMs).toBe(atMs)
  })

  it('takes another version for a refused one, and no more than three', () => {
    const next = after(back('discard', 'replace'), done('discard'))
    expect(next).toMatchObject({ pendingVersion: 'v2', replaced: 1 })
    expect(after({ ...states.created, replaced: 2 } as Rotation, refused('set'))).toMatchObject({ afterwards: 'end' })
  })

  it.each(Object.entries(states))('is nothing by the end of a step that was not the next: %s', (_, rotation) => {
    const effects: Exclude<Effect, 'check'>[] = ['create', 'set', 'test', 'promote', 'verify', 'retire', 'restore']
    for (const effect of effects.filter((each) => each !== nextEffect(rotation)))
      expect(() => after(rotation, done(effect))).toThrow(/can't go on/)
  })

  it.each([
    ['planned', 'rolled-back'],
    ['checked', 'revert, then end'],
    ['created', 'revert, then end'],
    ['set', 'revert, then end'],
    ['canary', 'revert, then end'],
    ['tested', 'revert, then end'],
    ['promoted', 'revert, then end'],
    ['rolling-back', 'revert, then end'],
  ] as const)('when somebody takes back what is %s: %s', (state, expected) => {
    expect(nameOf(after(states[state], { kind: 'rollback', atMs }))).toBe(expected)
  })

  it.each(['verified', 'finished', 'rolled-back', 'failed'] as const)('is not taken back where it is %s', (state) => {
    expect(() => after(states[state], { kind: 'rollback', atMs })).toThrow(/can't be taken back/)
  })

  it.each(['observe', 'retire'] as const)('stays as it is where %s has to wait, and is due then', (effect) => {
    const before = effect === 'observe' ? states.canary : states.verified
    const next = after(before, { kind: 'waiting', effect, untilMs: 777, atMs })
    expect(next).toEqual({ ...before, changedAtMs: atMs, lookAtMs: 777 })
    expect(dueAtMs(next)).toBe(777)
  })

  it('keeps the times of its canary and of its end no longer than they hold', () => {
    const left = [
      after(states.canary, done('observe')),
      after(states.canary, refused('observe')),
      after({ ...states.verified, lookAtMs: 1 } as Rotation, done('retire')),
    ]
    for (const rotation of left) expect(parseRotation(rotationText(rotation))).toEqual(rotation)
  })

  it('tries nothing with some consumers any more where the old credential is lost', () => {
    const next = after({ ...back('revert'), canary }, irreversible(true))
    expect([next.state, next.canary]).toEqual(['tested', undefined])
  })

  it('tells who had not acknowledged, once the old credential is retired', () => {
    const laggards = [{ id: 'a', name: 'billing' }]
    const next = after(states.verified, { kind: 'done', effect: 'retire', atMs, laggards })
    expect(next).toMatchObject({ state: 'finished', alert: { kind: 'unacknowledged', laggards, told: false } })
    expect(after(states.verified, done('retire')).alert).toBeUndefined()
  })

  it('tries no other version once somebody has asked for a rollback', () => {
    expect(nameOf(after(back('revert', 'replace'), { kind: 'rollback', atMs }))).toBe('revert, then end')
  })
})

describe('a step that fails', () => {
  const failed = (rotation: Rotation, chance = 0.5): Rotation => {
    const effect = nextEffect(rotation)
    if (!effect) throw new Error('It has ended.')
    return after(rotation, { kind: 'failed', effect, code: 'unavailable', atMs, chance })
  }

  it.each(Object.values(states).filter((rotation) => nextEffect(rotation)))('leaves the state: $state', (rotation) => {
    const next = failed(rotation)
    expect(next.state).toBe(rotation.state)
    expect(next.retry).toEqual({ failures: 1, sinceMs: atMs, notBeforeMs: atMs + 500, code: 'unavailable' })
  })

  it('is forgotten once it succeeds, and so is the alert that told of it', () => {
    let rotation: Rotation = states.created
    for (let failure = 0; failure < 5; failure += 1) rotation = failed(rotation)
    expect(rotation.alert).toMatchObject({ kind: 'failing', told: false })
    rotation = after(rotation, { kind: 'told', atMs })
    expect(failed(rotation).alert).toEqual(rotation.alert)
    expect(after(rotation, done('set'))).toEqual({ ...states.set, changedAtMs: atMs })
  })

  it('is still told of, where nobody was told before it succeeded', () => {
    let rotation: Rotation = states.created
    for (let failure = 0; failure < 5; failure += 1) rotation = failed(rotation)
    expect(after(rotation, done('set')).alert?.kind).toBe('failing')
  })

  it('waits ever longer, up to a bound, and at a steady pace once the breaker is open', () => {
    const policy = { ...defaultPolicy, breakerFailures: 20 }
    const longest = [1, 2, 3, 6, 7, 10].map((failures) => Math.round(waitMs(failures, 0.999_999, policy)))
    expect(longest).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000])
    expect(waitMs(1, 0, policy)).toBe(0)
    expect([0, 0.5, 1].map((chance) => Math.round(waitMs(20, chance, policy)))).toEqual([270_000, 300_000, 330_000])
  })
})
