import { type SecretProvider, TextValue } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { heldBack } from './held-back.ts'

const start = () => {
  const clock = fakeClock()
  const asked: string[] = []
  const version = { id: 'a', name: 'a', version: 'v1', value: new TextValue('x') }
  const source: SecretProvider = {
    name: 'it',
    get: async () => {
      asked.push('get')
      return version
    },
    many: {
      maxRefs: 2,
      savesCalls: () => false,
      get: async (refs) => {
        asked.push('many')
        return refs.map(() => ({ ok: true as const, value: version }))
      },
    },
    state: {
      maxRefs: 1,
      describe: async () => {
        asked.push('state')
        return [{ ok: true as const, value: { id: 'a', versions: new Map() } }]
      },
    },
  }
  let open = (): void => {}
  const opens = new Promise<void>((resolve) => {
    open = resolve
  })
  const held = heldBack(source, opens, clock)
  const askAll = (): Promise<unknown>[] =>
    [
      async () => held.get({ id: 'a' }),
      async () => held.many?.get([{ id: 'a' }]),
      async () => held.state?.describe([{ id: 'a' }]),
    ].map((ask) => ask())
  return { clock, asked, open, held, askAll }
}

describe('a source that is held back', () => {
  it('is asked nothing for a second, and then says that it is too early', async () => {
    const { clock, asked, askAll } = start()
    const outcomes = Promise.allSettled(askAll())
    await clock.advance(1_000)
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'closed', reason: 'too_early' } })
    expect(asked).toEqual([])
  })

  it('answers who waits when it opens, and everybody afterwards', async () => {
    const { clock, asked, open, askAll, held } = start()
    const waiting = Promise.all(askAll())
    await clock.advance(999)
    open()
    await waiting
    await Promise.all(askAll())
    expect(asked).toEqual(['get', 'many', 'state', 'get', 'many', 'state'])
    expect([clock.waiting, held.many?.savesCalls?.()]).toEqual([0, false])
  })
})
