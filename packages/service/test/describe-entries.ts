import type { SuiteRunner } from '@keyplane/testkit'
import { expect } from 'vitest'
import type { Entries } from '../src/shared-cache/entries.ts'
import { forgottenMoment, readMoment } from '../src/shared-cache/moment.ts'

/** Entries under test, twice: as two processes have them. */
export interface EntriesFixture {
  readonly one: Entries
  readonly other: Entries
  nowMs(): number
  /** Lets time go by, and messages arrive. */
  pass(ms: number): Promise<void>
  stop(): Promise<void>
}

const bytes = (text: string): Uint8Array => Buffer.from(text)
const text = (given: Uint8Array | undefined): string | undefined => given && Buffer.from(given).toString()
const minute = 60_000

/** The rules of what replicas share, as tests. */
export const describeEntries = (start: () => Promise<EntriesFixture>, { it }: Pick<SuiteRunner, 'it'>): void => {
  const rule = (statement: string, check: (fixture: EntriesFixture) => Promise<void>): void => {
    it(statement, async () => {
      const fixture = await start()
      try {
        await check(fixture)
      } finally {
        fixture.one.close()
        fixture.other.close()
        await fixture.stop()
      }
    })
  }

  rule('give to one process what another put, to the bit', async ({ one, other }) => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    await one.set('a', all, minute)
    expect(Uint8Array.from((await other.get('a')) ?? [])).toEqual(all)
    expect(await other.get('b')).toBeUndefined()
  })

  rule('forget what was put for a while', async ({ one, pass }) => {
    await one.set('a', bytes('x'), 50)
    await pass(80)
    expect(await one.get('a')).toBeUndefined()
  })

  rule('put where nothing is for one process alone, and say what was there', async ({ one, other, pass }) => {
    expect(await one.setIfAbsent('a', bytes('one'), 50)).toBeUndefined()
    expect(text(await other.setIfAbsent('a', bytes('other'), 50))).toBe('one')
    await pass(80)
    expect(await other.setIfAbsent('a', bytes('other'))).toBeUndefined()
    expect(text(await one.get('a'))).toBe('other')
  })

  rule('let no older record take the place of a younger one', async ({ one, other, nowMs }) => {
    const at = nowMs()
    expect(await one.setUnlessYounger('a', bytes(`${readMoment(at)}new`), minute)).toBeUndefined()
    expect(await other.setUnlessYounger('a', bytes(`${readMoment(at - 1)}old`), minute)).toBeUndefined()
    expect(text(await one.get('a'))).toContain('new')
    expect(text(await other.setUnlessYounger('a', bytes(forgottenMoment(at)), minute))).toContain('new')
    await one.setUnlessYounger('a', bytes(`${readMoment(at)}late`), minute)
    expect(text(await one.get('a'))).toBe(forgottenMoment(at))
  })

  rule('put a record over what is none, or of a moment that can’t be', async ({ one, nowMs }) => {
    for (const odd of ['', 'x', '9'.repeat(16), `${readMoment(nowMs() + 10 * minute)}later`, 'zzzzzzzzzzzzzzzzzz']) {
      await one.set('a', bytes(odd), minute)
      await one.setUnlessYounger('a', bytes(`${readMoment(nowMs())}right`), minute)
      expect(text(await one.get('a'))).toContain('right')
    }
  })

  rule('remove', async ({ one, other }) => {
    await one.set('a', bytes('x'), minute)
    await other.remove('a')
    await other.remove('a')
    expect(await one.get('a')).toBeUndefined()
  })

  rule('bring what one process calls out to all who listen, until they end it', async ({ one, other, pass }) => {
    const heard: string[] = []
    const end = other.subscribe({ onMessage: (message) => heard.push(message), onGap: () => heard.push('gap') })
    await pass(50)
    await one.publish('first')
    await pass(50)
    end()
    await one.publish('second')
    await pass(50)
    expect(heard).toEqual(['first'])
  })
}
