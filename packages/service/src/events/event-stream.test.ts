import type { ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { systemRandom, TextValue } from '@keyplane/core'
import { memoryProvider } from '@keyplane/secrets/providers'
import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { parseServiceConfig } from '../config.ts'
import { openEnvironment } from '../environments/open-environment.ts'
import { ChangeFeed } from './change-feed.ts'
import { EventStream } from './event-stream.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

interface Streaming {
  readonly clock: FakeClock
  readonly feed: ChangeFeed
  readonly response: PassThrough
  readonly text: () => string
  readonly put: (text: string) => Promise<void>
  /** The key is taken back. */
  withdraw(): void
  reopen(lastEventId: string): PassThrough
}

const start = async (reads = true): Promise<Streaming> => {
  const clock = fakeClock()
  const source = memoryProvider({ secrets: { A: 'one' }, clock })
  const config = JSON.stringify({
    environments: { production: { source: 'memory', cache: 'local' } },
    tools: { payments: { secrets: { a: 'A' } } },
  })
  const production = parseServiceConfig({ path: 's.yaml', text: config }).environments.get('production')
  const environment = await openEnvironment(production ?? expect.unreachable(), {
    env: {},
    clock,
    random: systemRandom,
    log: { warn: () => {}, error: () => {} },
    open: async () => source,
  })
  const feed = new ChangeFeed(environment, { clock, random: systemRandom })
  ends.push(
    () => feed.close(),
    () => environment.secrets.close(),
  )
  let [known, text, written] = [true, '', 0]
  const visible = async (): Promise<((tool: string) => boolean) | undefined> => (known ? () => true : undefined)
  const reopen = (lastEventId?: string): PassThrough => {
    const response = new PassThrough({ highWaterMark: 1 })
    if (reads) response.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const stream = new EventStream(response as unknown as ServerResponse, lastEventId, { feed, clock, visible })
    ends.push(() => stream.end())
    return response
  }
  const response = reopen()
  await clock.advance(10)
  return {
    clock,
    feed,
    response,
    text: () => text,
    withdraw: () => (known = false),
    reopen,
    put: async (value) => {
      await source.write?.put({ id: 'A' }, new TextValue(value), { idempotencyKey: `w${(written += 1)}` })
      await clock.advance(10)
    },
  }
}

describe('a stream of changes', () => {
  it('says something every 15 seconds', async () => {
    const { clock, text } = await start()
    await clock.advance(45_000)
    expect(text()).toBe(`retry: 2000\n\n${':\n\n'.repeat(3)}`)
  })

  it('ends when the key is withdrawn, before another event is told', async () => {
    const { put, withdraw, response, text } = await start()
    withdraw()
    await put('two')
    expect([response.writableEnded, text()]).toEqual([true, 'retry: 2000\n\n'])
  })

  it('ends within 15 seconds where there are no events', async () => {
    const { clock, withdraw, response } = await start()
    withdraw()
    await clock.advance(15_000)
    expect(response.writableEnded).toBe(true)
  })

  it('drops a reader that does not read', async () => {
    const { put, response } = await start(false)
    let events = 0
    for (; !response.destroyed && events < 2_000; events += 1) await put(`value ${events}`)
    expect(events).toBeGreaterThan(100)
    expect(response.destroyed).toBe(true)
  })

  it('knows the last thousand events, and those of before a pause no more', async () => {
    const { clock, feed, put, response } = await start()
    const first = feed.lastId
    for (let event = 0; event < 1_024; event += 1) await put(`value ${event}`)
    expect(feed.since(first)).toHaveLength(1_024)
    await put('one more')
    expect(feed.since(first)).toBeUndefined()
    const last = feed.lastId
    response.destroy()
    await clock.advance(299_000)
    expect(feed.since(last)).toEqual([])
    await clock.advance(2_000)
    feed.listen(() => {})
    expect(feed.since(last)).toBeUndefined()
  })
})
