import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeEntries } from '../../../packages/service/test/describe-entries.ts'
import { RedisEntries } from '../../../packages/service/src/shared-cache/redis-entries.ts'
import { RedisServer } from './redis-server.ts'

const server = new RedisServer()
beforeAll(() => server.start())
afterAll(() => server.remove())

const nowMs = (): number => Date.now()
let used = 0

const open = async (prefix: string): Promise<RedisEntries> => {
  const entries = new RedisEntries({ url: server.url, prefix, nowMs })
  await entries.opened
  return entries
}

describe('entries in Redis', () => {
  describeEntries(
    async () => {
      const prefix = `test-${(used += 1)}:`
      const [one, other] = [await open(prefix), await open(prefix)]
      const listens = () => server.own.pubsub('NUMSUB', `${prefix}changes`)
      await expect.poll(listens).toEqual([`${prefix}changes`, 2])
      return { one, other, nowMs, pass: (ms) => wait(ms), stop: async () => {} }
    },
    { it },
  )

  it('say which failure is Redis’s absence, and which its refusal; never what was to be put', async () => {
    const entries = await open('x:')
    const bytes = Buffer.from('canary-0b1e')
    await server.own.config('SET', 'maxmemory', '1')
    await expect(entries.set('a', bytes, 1_000)).rejects.toMatchObject({ code: 'rate_limited' })
    await expect(entries.setUnlessYounger('a', bytes, 1_000)).rejects.toMatchObject({ code: 'rate_limited' })
    await entries.remove('a')
    await server.own.config('SET', 'maxmemory', '0')
    await server.kill()
    await expect(entries.set('a', bytes, 1_000)).rejects.toMatchObject({ code: 'unavailable' })
    expect(String(await entries.set('a', bytes, 1_000).catch(String))).not.toContain('canary')
    let gaps = 0
    entries.subscribe({ onMessage: () => {}, onGap: () => (gaps += 1) })
    await server.start()
    await expect
      .poll(
        () =>
          entries.get('a').then(
            () => gaps,
            () => 0,
          ),
        { timeout: 5_000 },
      )
      .toBe(1)
    entries.close()
  })
})
