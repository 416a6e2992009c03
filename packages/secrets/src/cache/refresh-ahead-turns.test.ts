import { type SecretVersion, TextValue } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { Entry } from './entry.ts'
import { RefreshAhead } from './refresh-ahead.ts'

const ttlMs = 60_000
const version: SecretVersion = { id: 'a', value: new TextValue('v') } as SecretVersion

/** A key in use, that the source vouched for then; its turn comes a tenth of the TTL before its end. */
const entryAt = (id: string, confirmedAtMs: number, more: Partial<Entry> = {}): Entry => {
  const turn = { freshUntilMs: confirmedAtMs + ttlMs, refreshFromMs: confirmedAtMs + 0.9 * ttlMs }
  return Object.assign(new Entry({ id }, 'source'), {
    version,
    confirmedAtMs,
    readAtMs: confirmedAtMs + 1,
    ...turn,
    ...more,
  })
}

/** What is refreshed and when: one by one, or together. Each refresh succeeds at once, and nobody reads it after that. */
const watched = (entries: readonly Entry[], size: number) => {
  const clock = fakeClock()
  const told: string[] = []
  const refresh = (refreshed: readonly Entry[]): void => {
    told.push(`${clock.monotonicMs()}: ${refreshed.map(({ ref }) => ref.id).join(' ')}`)
    for (const entry of refreshed) Object.assign(entry, entryAt(entry.ref.id, clock.monotonicMs()), { readAtMs: 0 })
  }
  const ahead = new RefreshAhead({
    clock,
    ttlMs,
    refreshAheadRatio: 0.1,
    entries: () => entries,
    perCall: () => size,
    isBatchable: () => size > 1,
    refreshTogether: refresh,
    refreshBehind: (entry) => refresh([entry]),
  })
  for (const entry of entries) ahead.note(entry)
  return { clock, told, ahead }
}

describe('the turn of a key', () => {
  it('does not come while the source refuses it', async () => {
    const { clock, told } = watched([entryAt('refused', 0, { suspended: true }), entryAt('a', 0)], 1)
    await clock.advance(59_000)
    expect(told).toEqual(['54000: a'])
  })

  it('comes with those of the next moment, a twentieth of the time ahead', async () => {
    const { clock, told } = watched([entryAt('a', 0), entryAt('b', 100), entryAt('c', 250), entryAt('d', 2_000)], 1)
    await clock.advance(59_000)
    expect(told).toEqual(['54000: a', '54300: b', '54300: c', '56000: d'])
  })

  it('comes after a failure when the source may be asked again, alone or with others', async () => {
    const failed = { askAgainAtMs: 55_000 }
    const alone = watched([entryAt('a', 0, failed)], 1)
    await alone.clock.advance(59_000)
    expect(alone.told).toEqual(['55000: a'])
    const among = watched([entryAt('a', 0), entryAt('b', 0, failed)], 2)
    await among.clock.advance(59_000)
    expect(among.told).toEqual(['54000: a', '55000: b'])
  })

  it('comes early where it fills a whole call, as soon as the youngest of that call is old enough', async () => {
    const entries = [entryAt('a', 0), entryAt('b', 0), entryAt('c', 30_000), entryAt('d', 31_000)]
    const { clock, told } = watched(entries, 2)
    await clock.advance(80_000)
    expect(told).toEqual(['54000: a b', '67000: c d'])
  })

  it('does not come any more once it is closed, and no timer is left', async () => {
    const { clock, told, ahead } = watched([entryAt('a', 0)], 1)
    expect(clock.waiting).toBe(1)
    ahead.close()
    expect(clock.waiting).toBe(0)
    ahead.note(entryAt('earlier', -1_000))
    await clock.advance(59_000)
    expect([told, clock.waiting]).toEqual([[], 0])
  })
})
