import assert from 'node:assert/strict'
import type { Clock, Heartbeat, Receipt } from '@keyplane/core'
import type { ConsumerReceipt, Receipts } from '../ports/receipts.ts'
import { rememberedMs } from '../receipts/liveness.ts'
import { defineRules, type Rule, type SuiteRunner } from './suite-runner.ts'

/** Receipts under test, of which there are none yet. */
export interface ReceiptsFixture {
  readonly receipts: Receipts
  /** Theirs, which stands still between the moves. */
  readonly clock: Clock & { advance(ms: number): Promise<void> }
  /** Another process's way to the same data. */
  readonly other: Receipts
  readonly stop?: () => Promise<void>
}

const everyMs = 10_000
const receipt = (more: Partial<Receipt> = {}): Receipt => ({
  secretId: 'prod/db',
  versionId: 'v1',
  used: true,
  refusals: 0,
  ...more,
})
const beat = (receipts: readonly Receipt[], id = 'a'): Heartbeat => ({
  consumer: { id, name: `billing ${id}` },
  everyMs,
  receipts,
})
const sorted = (found: readonly ConsumerReceipt[]): readonly ConsumerReceipt[] =>
  [...found].sort((a, b) => (`${a.consumer.id} ${a.versionId}` < `${b.consumer.id} ${b.versionId}` ? -1 : 1))
const idsOf = async (receipts: Receipts): Promise<readonly string[]> =>
  sorted(await receipts.of('prod/db')).map(({ consumer, versionId }) => `${consumer.id} ${versionId}`)

const rules: readonly Rule<ReceiptsFixture>[] = [
  {
    statement: 'know nothing of a secret that nobody used',
    check: async ({ receipts }) => {
      await receipts.receive(beat([]))
      assert.deepEqual(await receipts.of('prod/db'), [])
    },
  },
  {
    statement: 'tell who used which version when, to another process too',
    check: async ({ receipts, other, clock }) => {
      const nowMs = clock.nowMs()
      await receipts.receive(beat([receipt(), receipt({ secretId: 'other' })]))
      await other.receive(beat([receipt({ used: false, refusals: 2 })], 'b'))
      const lives = { versionId: 'v1', livesUntilMs: nowMs + 3 * everyMs }
      assert.deepEqual(sorted(await other.of('prod/db')), [
        { ...lives, consumer: { id: 'a', name: 'billing a' }, usedAtMs: nowMs, refusals: 0 },
        { ...lives, consumer: { id: 'b', name: 'billing b' }, usedAtMs: 0, refusals: 2 },
      ])
    },
  },
  {
    statement: 'keep what was used before beside what is used, and when that was',
    check: async ({ receipts, clock }) => {
      const nowMs = clock.nowMs()
      await receipts.receive(beat([receipt()]))
      await clock.advance(5)
      await receipts.receive(beat([receipt({ used: false, refusals: 1 }), receipt({ versionId: 'v2' })]))
      const found = sorted(await receipts.of('prod/db'))
      assert.deepEqual(
        found.map(({ versionId, usedAtMs, refusals }) => [versionId, usedAtMs - nowMs, refusals]),
        [
          ['v1', 0, 1],
          ['v2', 5, 0],
        ],
      )
    },
  },
  {
    statement: 'let a consumer live for three heartbeats after its last one, and know it by its last name',
    check: async ({ receipts, clock }) => {
      await receipts.receive(beat([receipt()]))
      await clock.advance(everyMs)
      await receipts.receive({ ...beat([]), consumer: { id: 'a', name: 'orders' } })
      const [found] = await receipts.of('prod/db')
      assert.equal(found?.livesUntilMs, clock.nowMs() + 3 * everyMs)
      assert.equal(found?.consumer.name, 'orders')
    },
  },
  {
    statement: 'are the same after a heartbeat that came twice',
    check: async ({ receipts }) => {
      const once = beat([receipt({ refusals: 3 })])
      await receipts.receive(once)
      const before = await receipts.of('prod/db')
      await receipts.receive(once)
      assert.deepEqual(await receipts.of('prod/db'), before)
    },
  },
  {
    statement: 'forget a consumer that ends, and no other',
    check: async ({ receipts, other }) => {
      for (const id of ['a', 'b']) await receipts.receive(beat([receipt()], id))
      await receipts.receive({ ...beat([receipt({ versionId: 'v2' })]), ends: true })
      await receipts.receive({ ...beat([], 'never seen'), ends: true })
      assert.deepEqual(await idsOf(other), ['b v1'])
    },
  },
  {
    statement: 'remember what a consumer was refused that ends, and through its new beginning',
    check: async ({ receipts, other, clock }) => {
      await receipts.receive(beat([receipt({ refusals: 2 }), receipt({ secretId: 'other' })]))
      await clock.advance(5)
      const nowMs = clock.nowMs()
      await receipts.receive({ ...beat([receipt({ versionId: 'v2', used: false, refusals: 1 })]), ends: true })
      const ended = { consumer: { id: 'a', name: 'billing a' }, usedAtMs: 0, livesUntilMs: nowMs }
      const refused = { ...ended, versionId: 'v2', refusals: 1 }
      assert.deepEqual(sorted(await other.of('prod/db')), [{ ...ended, versionId: 'v1', refusals: 2 }, refused])
      assert.deepEqual(await other.of('other'), [])
      await other.receive(beat([receipt()]))
      const livesUntilMs = nowMs + 3 * everyMs
      assert.deepEqual(sorted(await receipts.of('prod/db')), [
        { ...ended, versionId: 'v1', refusals: 2, usedAtMs: nowMs, livesUntilMs },
        { ...refused, livesUntilMs },
      ])
    },
  },
  {
    statement: 'remember who is gone for a month, and then no longer',
    check: async ({ receipts, clock }) => {
      await receipts.receive(beat([receipt()]))
      await clock.advance(rememberedMs)
      await receipts.receive(beat([receipt()], 'b'))
      assert.deepEqual(await idsOf(receipts), ['a v1', 'b v1'])
      await clock.advance(3 * everyMs + 3_600_000)
      await receipts.receive(beat([], 'b'))
      assert.deepEqual(await idsOf(receipts), ['b v1'])
    },
  },
  {
    statement: 'forget the versions that a consumer used a month ago, but for the last one',
    check: async ({ receipts, clock }) => {
      await receipts.receive(beat([receipt()]))
      await receipts.receive(beat([receipt({ versionId: 'v2' })]))
      for (let day = 0; day < 31; day += 1) {
        await clock.advance(86_400_000)
        await receipts.receive(beat([]))
      }
      assert.deepEqual(await idsOf(receipts), ['a v1', 'a v2'])
      await receipts.receive(beat([receipt({ versionId: 'v3' })]))
      assert.deepEqual(await idsOf(receipts), ['a v3'])
    },
  },
]

/** The rules that receipts obey, wherever they are kept. */
export const describeReceipts = (name: string, start: () => Promise<ReceiptsFixture>, runner: SuiteRunner): void => {
  runner.describe(`Receipts in ${name}`, () => defineRules(rules, start, runner))
}
