import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DueWork, type DueWorkParts } from './due-work.ts'

let clock: FakeClock
let work: DueWork<string>
const acts: string[] = []
const items = Array.from({ length: 12 }, (_, index) => `item ${index}`)

const begin = (more: Partial<DueWorkParts<string>> = {}): void => {
  work = new DueWork<string>({
    clock,
    find: async () => items,
    idOf: (item) => item,
    act: async (item) => {
      acts.push(item)
      await new Promise((resolve) => setImmediate(resolve))
      return 60_000
    },
    everyMs: 60_000,
    onError: ({ message }) => acts.push(message),
    ...more,
  })
  work.wake()
}

beforeEach(() => {
  clock = fakeClock()
  acts.splice(0)
})
afterEach(() => work.stop())

describe('work that is due', () => {
  it('is done once a look, though it is found again while it is under way', async () => {
    begin()
    work.wake()
    await new Promise((resolve) => setImmediate(resolve))
    work.wake()
    for (let turn = 0; turn < 20; turn += 1) await clock.advance(0)
    expect(new Set(acts).size).toBe(items.length)
    // Once for each time that it was woken, at most.
    expect(acts.length).toBeLessThanOrEqual(3 * items.length)
  })

  it('is looked at when its time has come, and not before', async () => {
    const dueAtMs = clock.nowMs() + 1_000
    begin({ waitMs: (item) => (item === 'item 3' ? dueAtMs - clock.nowMs() : 0) })
    for (let turn = 0; turn < 5; turn += 1) await clock.advance(0)
    work.wake()
    for (let turn = 0; turn < 5; turn += 1) await clock.advance(0)
    await clock.advance(999)
    expect(acts).not.toContain('item 3')
    await clock.advance(1)
    for (let turn = 0; turn < 5; turn += 1) await clock.advance(0)
    expect(acts).toContain('item 3')
  })

  it('is held up by no number of others that hang', async () => {
    const hung = items.slice(0, 9)
    begin({
      act: async (item, ending) => {
        if (hung.includes(item)) await new Promise((resolve) => ending.addEventListener('abort', resolve))
        acts.push(item)
        return 60_000
      },
    })
    await clock.advance(2_000)
    expect(acts).toEqual(items.slice(9))
  })
})
