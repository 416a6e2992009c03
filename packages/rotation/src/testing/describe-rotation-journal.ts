import assert from 'node:assert/strict'
import type { Clock } from '@keyplane/core'
import type { Planned } from '../machine/rotation.ts'
import type { RotationJournal, RotationLease } from '../ports/journal.ts'
import { defineRules, type Rule, type SuiteRunner } from './suite-runner.ts'

/** A journal under test, empty. */
export interface JournalFixture {
  readonly journal: RotationJournal
  /** The journal's, which stands still between the moves. */
  readonly clock: Clock & { advance(ms: number): Promise<void> }
  /** Another process's way to the same data. */
  readonly other: RotationJournal
  readonly stop?: () => Promise<void>
}

const ttlMs = 10_000
const planned = (secretId: string, more: Partial<Planned> = {}): Planned => ({
  schema: 1,
  secretId,
  rotationId: 'r',
  rotator: 'random-password',
  startedAtMs: 1,
  changedAtMs: 1,
  pendingVersion: 'v2',
  replaced: 0,
  state: 'planned',
  ...more,
})
const leased = async (journal: RotationJournal, secretId = 'a', holder = 'one'): Promise<RotationLease> => {
  const lease = await journal.lease(secretId, holder, ttlMs)
  assert.ok(lease, 'the lease was free')
  return lease
}

const rules: readonly Rule<JournalFixture>[] = [
  {
    statement: 'knows nothing of a secret that was never rotated',
    check: async ({ journal }) => {
      assert.equal(await journal.load('a'), undefined)
      await leased(journal)
      assert.equal(await journal.load('a'), undefined)
      assert.deepEqual(await journal.due(1e15, 10), [])
    },
  },
  {
    statement: 'gives back what was written, to another process too',
    check: async ({ journal, other }) => {
      const lease = await leased(journal)
      assert.equal(await journal.write(lease, { rotation: planned('a'), over: 0 }), 1)
      assert.deepEqual(await other.load('a'), { rotation: planned('a'), revision: 1 })
      assert.equal(await journal.write(lease, { rotation: planned('a', { replaced: 1 }), over: 1 }), 2)
      assert.deepEqual(await other.load('a'), { rotation: planned('a', { replaced: 1 }), revision: 2 })
    },
  },
  {
    statement: 'writes over the revision that was read, and no other',
    check: async ({ journal }) => {
      const lease = await leased(journal)
      await journal.write(lease, { rotation: planned('a'), over: 0 })
      for (const over of [0, 2]) assert.equal(await journal.write(lease, { rotation: planned('a'), over }), undefined)
      assert.equal((await journal.load('a'))?.revision, 1)
    },
  },
  {
    statement: 'gives one secret to one holder, and another secret to another',
    check: async ({ journal, other }) => {
      await leased(journal)
      assert.equal(await other.lease('a', 'two', ttlMs), undefined)
      await leased(other, 'b', 'two')
    },
  },
  {
    statement: 'gives one of many who ask at once a lease',
    check: async ({ journal, other }) => {
      const asked = Array.from({ length: 8 }, (_, index) =>
        (index % 2 ? journal : other).lease('a', `holder ${index}`, ttlMs),
      )
      assert.equal((await Promise.all(asked)).filter(Boolean).length, 1)
    },
  },
  {
    statement: 'gives a lease that ended, or was given back, to the next, with a greater token',
    check: async ({ journal, other, clock }) => {
      const first = await leased(journal)
      await clock.advance(ttlMs)
      const second = await leased(other, 'a', 'two')
      assert.ok(second.fence > first.fence)
      await other.release(second)
      const third = await leased(journal, 'a', 'three')
      assert.ok(third.fence > second.fence)
    },
  },
  {
    statement:
      'gives a lease that would hold for longer than an hour to the next: it was taken by a clock that is wrong',
    check: async ({ journal, other }) => {
      assert.ok(await journal.lease('a', 'one', 3_600_000))
      assert.equal(await other.lease('a', 'two', ttlMs), undefined)
      assert.ok(await journal.lease('b', 'one', 3_600_001))
      assert.ok(await other.lease('b', 'two', ttlMs))
    },
  },
  {
    statement: 'gives its own lease to a holder who lost the answer',
    check: async ({ journal }) => {
      const first = await leased(journal)
      const second = await leased(journal)
      assert.ok(second.fence > first.fence)
      assert.equal(await journal.write(first, { rotation: planned('a'), over: 0 }), undefined)
    },
  },
  {
    statement: 'lets a holder write no more once another one has the lease',
    check: async ({ journal, other, clock }) => {
      const stale = await leased(journal)
      await clock.advance(ttlMs)
      const fresh = await leased(other, 'a', 'two')
      assert.equal(await journal.write(stale, { rotation: planned('a'), over: 0 }), undefined)
      assert.equal(await journal.renew(stale, ttlMs), undefined)
      await journal.release(stale)
      assert.equal(await other.write(fresh, { rotation: planned('a'), over: 0 }), 1)
    },
  },
  {
    statement: 'keeps a lease that is renewed',
    check: async ({ journal, other, clock }) => {
      let lease = await leased(journal)
      for (let round = 0; round < 3; round += 1) {
        await clock.advance(ttlMs - 1)
        const renewed = await journal.renew(lease, ttlMs)
        assert.ok(renewed)
        lease = renewed
      }
      assert.equal(await other.lease('a', 'two', ttlMs), undefined)
      assert.equal(await journal.write(lease, { rotation: planned('a'), over: 0 }), 1)
    },
  },
  {
    statement: 'lets nobody write under a lease that was given back',
    check: async ({ journal }) => {
      const lease = await leased(journal)
      await journal.release(lease)
      assert.equal(await journal.write(lease, { rotation: planned('a'), over: 0 }), undefined)
      assert.equal(await journal.renew(lease, ttlMs), undefined)
    },
  },
  {
    statement: 'lists what is due by a moment, those due first, and then who has an alert to tell',
    check: async ({ journal }) => {
      const { state: _, ...facts } = planned('done')
      const ended = { ...facts, state: 'finished', currentVersion: 'v1', endedAtMs: 2 } as const
      const alert = { kind: 'rolled_back', raisedAtMs: 1, told: false } as const
      const retry = { failures: 1, sinceMs: 1, notBeforeMs: 50, code: 'timeout' } as const
      const rotations = [
        planned('later', { retry }),
        planned('sooner', { retry: { ...retry, notBeforeMs: 9 } }),
        ended,
        { ...ended, secretId: 'untold', alert },
        { ...ended, secretId: 'told', alert: { ...alert, told: true } },
      ]
      for (const rotation of rotations) {
        const lease = await leased(journal, rotation.secretId)
        assert.equal(await journal.write(lease, { rotation, over: 0 }), 1)
      }
      assert.deepEqual(await journal.due(50, 10), ['sooner', 'later', 'untold'])
      assert.deepEqual(await journal.due(49, 10), ['sooner', 'untold'])
      assert.deepEqual(await journal.due(8, 10), ['untold'])
      assert.deepEqual(await journal.due(50, 2), ['sooner', 'later'])
    },
  },
]

/** The rules that every journal obeys. */
export const describeRotationJournal = (
  name: string,
  start: () => Promise<JournalFixture>,
  runner: SuiteRunner,
): void => {
  runner.describe(`${name} as a journal of rotations`, () => defineRules(rules, start, runner))
}
