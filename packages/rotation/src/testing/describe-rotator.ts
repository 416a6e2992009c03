import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { type Clock, type Random, revealText, sameValue, type SecretValue, uuid } from '@keyplane/core'
import { rotationEngine } from '../engine/rotation-engine.ts'
import { memoryJournal } from '../journal/memory-journal.ts'
import type { Rotator, RotatorCall } from '../ports/rotator.ts'
import { memoryVersions } from './memory-versions.ts'
import type { SuiteRunner } from './suite-runner.ts'

/** A rotator under test, and its target with a credential in it. */
export interface RotatorFixture {
  readonly rotator: Rotator
  /** Accepted by the target. */
  readonly first: SecretValue
  readonly clock: Clock
  readonly random: Random
  /** Uses a credential without the rotator. */
  readonly accepts: (value: SecretValue) => Promise<boolean>
  /** Whether the target accepts old and new side by side. Default false. */
  readonly holdsTwo?: boolean
  /** Makes the target unreachable, as long as it is not `raise`d. Absent: there is no target. */
  readonly lower?: () => Promise<void> | void
  readonly raise?: () => Promise<void> | void
  /** Changes the password behind the rotator's back. Absent: nobody can. */
  readonly meddle?: () => Promise<void>
  readonly stop?: () => Promise<void> | void
}

/**
 * What a rotator may be without. `back`: a way back to the old credential, which then ends as the new one is made; `revert`:
 * a step of its own that takes a credential back; `old`: a test of another credential than the pending one.
 */
type Need = 'lower' | 'meddle' | 'back' | 'revert' | 'old'

interface Given extends RotatorFixture {
  readonly call: RotatorCall
  readonly pending: SecretValue
  /** Accepted as long as nothing is set: the old one, where there is a way back to it. */
  readonly before: SecretValue
}

interface RotatorRule {
  readonly statement: string
  readonly check: (given: Given) => Promise<void>
  readonly needs?: readonly Need[]
}

const secretId = 'prod/rotated'
const newCall = (random: Random, more: Partial<RotatorCall> = {}): RotatorCall => ({
  secretId,
  rotationId: uuid(random),
  pendingVersion: uuid(random),
  fence: 1,
  signal: new AbortController().signal,
  requireLease: () => undefined,
  ...more,
})
const thrownBy = async (act: () => Promise<unknown>): Promise<unknown> => {
  try {
    await act()
  } catch (error) {
    return error
  }
  return undefined
}
const leaseLost = Object.assign(new Error('The lease is lost.'), { reason: 'lease_lost' })

const rules: readonly RotatorRule[] = [
  {
    statement: 'makes a credential of the same shape that is another one',
    check: async ({ first, pending }) => {
      assert.ok(!sameValue(first, pending))
      assert.equal(pending.kind, first.kind)
      assert.deepEqual(memberNames(pending), memberNames(first))
    },
  },
  {
    statement: 'sets a credential, so that it is accepted, beside the old one where it says so',
    check: async ({ rotator, call, first, pending, accepts, holdsTwo = false }) => {
      assert.equal(rotator.overlaps ?? false, holdsTwo)
      assert.equal(await rotator.set(call, { current: first, pending }), 'accepted')
      if (holdsTwo) assert.ok(await accepts(first))
      assert.equal(await rotator.test(call, pending), 'accepted')
      assert.ok(await accepts(pending))
    },
  },
  {
    statement: 'sets a credential again that is set, as after an answer that was lost',
    check: async ({ rotator, call, first, pending, accepts }) => {
      for (let round = 0; round < 3; round += 1)
        assert.equal(await rotator.set(call, { current: first, pending }), 'accepted')
      assert.ok(await accepts(pending))
    },
  },
  {
    statement: 'takes a credential back, so that the old one is accepted',
    needs: ['back', 'revert'],
    check: async ({ rotator, call, first, pending, accepts }) => {
      await rotator.set(call, { current: first, pending })
      for (let round = 0; round < 2; round += 1) {
        await rotator.revert(call, { current: first, pending })
        assert.equal(await rotator.test(call, first), 'accepted')
        assert.ok(await accepts(first))
      }
    },
  },
  {
    statement: 'takes the new credential away once it is discarded, and not before where the target holds two',
    needs: ['lower', 'back', 'revert'],
    check: async ({ rotator, call, first, pending, accepts, holdsTwo = false }) => {
      await rotator.set(call, { current: first, pending })
      await rotator.revert(call, { current: first, pending })
      assert.deepEqual([await accepts(first), await accepts(pending)], [true, holdsTwo])
      for (let round = 0; round < 2; round += 1) await rotator.discard?.(call, { current: first, pending })
      assert.deepEqual([await accepts(first), await accepts(pending)], [true, false])
    },
  },
  {
    statement: 'takes back what was never set, and leaves accepted what was',
    check: async ({ rotator, call, first, pending, before, accepts }) => {
      await rotator.revert(call, { current: first, pending })
      assert.ok(await accepts(before))
    },
  },
  {
    statement: 'sets a credential again that was taken back',
    needs: ['revert'],
    check: async ({ rotator, random, first, before, accepts }) => {
      for (let round = 0; round < 2; round += 1) {
        const call = newCall(random)
        const pending = await rotator.create(call, first)
        await rotator.set(call, { current: first, pending })
        assert.ok(await accepts(pending))
        await rotator.revert(call, { current: first, pending })
        assert.ok(await accepts(before))
      }
    },
  },
  {
    statement: 'retires the old credential twice, and leaves the new one accepted',
    check: async ({ rotator, call, first, pending, accepts }) => {
      await rotator.set(call, { current: first, pending })
      for (let round = 0; round < 2; round += 1) await rotator.retire(call, { current: first, pending })
      assert.ok(await accepts(pending))
    },
  },
  {
    statement: 'changes nothing once the lease may have ended',
    needs: ['lower'],
    check: async ({ rotator, random, first, pending, before, accepts }) => {
      const call = newCall(random, {
        requireLease: () => {
          throw leaseLost
        },
      })
      const wasAccepted = await accepts(pending)
      await thrownBy(() => rotator.set(call, { current: first, pending }))
      assert.equal(await accepts(pending), wasAccepted)
      assert.ok(await accepts(before))
    },
  },
  {
    statement: 'tells a target that can’t be asked from one that says no, and shows no value',
    needs: ['lower'],
    check: async ({ rotator, call, first, pending, before, lower, raise, accepts }) => {
      await lower?.()
      const asking = [
        await thrownBy(() => rotator.test(call, pending)),
        await thrownBy(() => rotator.set(call, { current: first, pending })),
      ]
      // There may be nothing to take back: whoever calls these tests the old credential itself.
      const takingBack = [
        await thrownBy(() => rotator.revert(call, { current: first, pending })),
        await thrownBy(async () => rotator.discard?.(call, { current: first, pending })),
      ]
      await raise?.()
      for (const error of asking) assert.ok(error, 'nothing was known')
      for (const error of [...asking, ...takingBack]) requireNotShown(error, [first, pending])
      assert.ok(await accepts(before))
    },
  },
  {
    statement: 'tells so of the old credential too, where the target can’t be asked',
    needs: ['lower', 'old'],
    check: async ({ rotator, call, first, lower, raise }) => {
      await lower?.()
      const asking = await thrownBy(() => rotator.test(call, first))
      await raise?.()
      assert.ok(asking, 'nothing was known')
      requireNotShown(asking, [first])
    },
  },
  {
    statement: 'refuses what the target refuses',
    needs: ['meddle', 'old'],
    check: async ({ rotator, call, first, meddle }) => {
      await meddle?.()
      assert.equal(await rotator.test(call, first), 'refused')
    },
  },
  {
    statement: 'repairs what somebody changed, if it says so',
    needs: ['meddle', 'back'],
    check: async ({ rotator, call, first, pending, meddle, accepts }) => {
      await meddle?.()
      const answer = await rotator.set(call, { current: first, pending }).catch(() => 'failed')
      assert.equal(answer === 'accepted', rotator.repairs)
      assert.equal(await accepts(pending), rotator.repairs)
    },
  },
  {
    statement: 'is carried through by the engine, time after time',
    check: async ({ rotator, first, clock, random, accepts }) => {
      const versions = memoryVersions({ versionId: 'v0', value: first })
      const engine = rotationEngine({ journal: memoryJournal(clock), versions, rotators: [rotator], clock, random })
      for (let round = 0; round < 3; round += 1) {
        await engine.begin({ secretId, rotator: rotator.name })
        const advance = await engine.advance(secretId)
        assert.equal(advance.status, 'ended', JSON.stringify(advance))
        assert.equal(advance.status === 'ended' && advance.rotation.state, 'finished')
        assert.ok(await accepts((await versions.current()).value))
      }
    },
  },
]

/** The rules that every rotator obeys, each over a fixture of its own. `lacks` says why rules are skipped for this one. */
export const describeRotator = (
  name: string,
  start: () => Promise<RotatorFixture>,
  { describe, it }: SuiteRunner,
  lacks: { readonly [Each in Need]?: string } = {},
): void => {
  const define = ({ statement, check, needs = [] }: RotatorRule): void => {
    const [lack] = needs.flatMap((need) => lacks[need] ?? [])
    it(statement, async (test) => {
      if (lack !== undefined) return test.skip(lack)
      const fixture = await start()
      try {
        for (const need of needs)
          if (need === 'lower' || need === 'meddle') assert.ok(fixture[need], `the fixture has no "${need}"`)
        const call = newCall(fixture.random)
        const pending = await fixture.rotator.create(call, fixture.first)
        await check({ ...fixture, call, pending, before: lacks.back === undefined ? fixture.first : pending })
      } finally {
        fixture.rotator.close?.()
        await fixture.stop?.()
      }
    })
  }
  describe(`${name} as a rotator`, () => rules.forEach(define))
}

const memberNames = (value: SecretValue): readonly string[] => {
  try {
    return Object.keys(JSON.parse(revealText(value)) as object).sort()
  } catch {
    return []
  }
}

const requireNotShown = (error: unknown, values: readonly SecretValue[]): void => {
  const shown = inspect(error, { depth: 10, showHidden: true })
  for (const part of values.flatMap(secretParts)) assert.ok(!shown.includes(part))
}

/** What must not be shown: the whole value, and what a JSON value calls secret. */
const secretParts = (value: SecretValue): readonly string[] => {
  const text = revealText(value)
  const [, ...found] = /"(?:password|key)":"([^"]+)"/.exec(text) ?? []
  return [text, ...found]
}
