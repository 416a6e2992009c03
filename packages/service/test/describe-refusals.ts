import { type Clock, systemClock } from '@keyplane/core'
import type { LoginRefusal, RefusalLedger } from '@keyplane/openbao'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import type { State } from '../src/index.ts'
import { stateRefusals } from '../src/state/state-refusals.ts'

/** A database that is empty at first. */
export interface ScratchState {
  /** Opens it, as a replica does. */
  open(clock: Clock): Promise<State>
  remove(): Promise<void>
}

const refusalNo = (number: number, atMs: number): LoginRefusal => ({
  id: `attempt-${number}`,
  places: ['a hash'],
  fingerprint: `another ${number % 2}`,
  atMs,
  ...(number % 2 === 0 && { end: 'refused' as const }),
  reason: 'login_refused',
})

const keptBy = async (ledger: RefusalLedger, role: string): Promise<readonly LoginRefusal[]> =>
  (await ledger.update(role, (kept) => ({ kept }))).kept

/** The rule of a ledger of refused logins: what one notes, all count, and nobody misses what another notes at that moment. */
export const describeRefusals = (place: string, scratch: () => Promise<ScratchState>): void => {
  describe(`refused logins in ${place}`, () => {
    it('are kept for all replicas, by role, as they were noted', async () => {
      const { open, remove } = await scratch()
      const states = [await open(systemClock), await open(systemClock)]
      const [one, other] = states.map(stateRefusals) as [RefusalLedger, RefusalLedger]
      const refusals = [1, 2].map((number) => refusalNo(number, systemClock.nowMs()))
      await one.update('role', () => ({ kept: refusals }))
      expect(await keptBy(other, 'role')).toEqual(refusals)
      expect(await keptBy(other, 'another role')).toEqual([])
      await other.update('role', () => ({ kept: [] }))
      expect(await keptBy(one, 'role')).toEqual([])
      for (const state of states) await state.close()
      await remove()
    })

    it('are each looked at by who notes the next one, however many note one at that moment', async () => {
      const { open, remove } = await scratch()
      const states = [await open(systemClock), await open(systemClock)]
      const ledgers = states.map(stateRefusals)
      const attempt = async (number: number): Promise<boolean> => {
        const ledger = ledgers[number % 2] as RefusalLedger
        const { mayGo } = await ledger.update('role', (kept) => {
          if (kept.length >= 4) return { mayGo: false, kept }
          return { mayGo: true, kept: [...kept, refusalNo(number, systemClock.nowMs())] }
        })
        return mayGo
      }
      const went = await Promise.all(Array.from({ length: 24 }, (_, number) => attempt(number)))
      expect(went.filter(Boolean)).toHaveLength(4)
      for (const state of states) await state.close()
      await remove()
    })

    it('are there after a restart, and gone once OpenBao has forgotten them', async () => {
      const { open, remove } = await scratch()
      const clock = fakeClock()
      const before = await open(clock)
      await stateRefusals(before).update('role', () => ({ kept: [refusalNo(1, clock.nowMs())] }))
      await before.close()
      const state = await open(clock)
      expect(await keptBy(stateRefusals(state), 'role')).toHaveLength(1)
      const rows = (): Promise<readonly unknown[]> =>
        state.reader.all(state.reader.query.selectFrom('login_refusals').selectAll().compile())
      await clock.advance(15 * 60_000)
      expect(await rows()).toHaveLength(1)
      await clock.advance(2 * 60_000)
      await expect.poll(rows).toEqual([])
      await state.close()
      await remove()
    })
  })
}
