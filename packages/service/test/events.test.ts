import { type Change, type SecretProvider, systemRandom, TextValue } from '@keyplane/core'
import { memoryProvider, serviceProvider } from '@keyplane/secrets/providers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newApiKey } from '../src/index.ts'
import { hash, key, type Served, serve } from './serve.ts'

const few = newApiKey(systemRandom)
let source: SecretProvider
let served: Served
const ends: (() => unknown)[] = []

beforeEach(async () => {
  source = memoryProvider({ secrets: { apiKey: 'one', hidden: 'one' } })
  served = await serve(
    {
      tools: { payments: { secrets: { apiKey: 'apiKey' } }, vault: { secrets: { root: 'hidden', apiKey: 'apiKey' } } },
      clients: { shop: { keys: [hash], roles: ['all'] }, till: { keys: [few.hash], roles: ['few'] } },
      roles: {
        all: { allow: [{ actions: ['*'], environments: ['*'], tools: ['*'] }] },
        few: { allow: [{ actions: ['*'], environments: ['*'], tools: ['payments'] }] },
      },
    },
    source,
  )
})
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  await served.service.close()
})

let writes = 0
const put = (id: string, text: string): Promise<unknown> | undefined =>
  source.write?.put({ id }, new TextValue(text), { idempotencyKey: `w${(writes += 1)}` })

interface Open {
  readonly text: () => string
  readonly until: (pattern: RegExp) => Promise<void>
  readonly end: () => void
}

const open = async (token = key, headers: Readonly<Record<string, string>> = {}): Promise<Open> => {
  const ending = new AbortController()
  const answer = await served.get('/v1/events?environment=production', {
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: ending.signal,
  })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(text)) {
      const { done, value } = await reader.read()
      if (done) throw new Error(`It ended after ${JSON.stringify(text)}.`)
      text += value
    }
  }
  ends.push(() => ending.abort())
  await until(/^retry: /)
  // The sources are first asked what there is.
  await new Promise((resolve) => setTimeout(resolve, 50))
  return { text: () => text, until, end: () => ending.abort() }
}

describe('the stream of changes', () => {
  it('leaves room for other clients', async () => {
    const ask = (token: string): Promise<Response> =>
      served.get('/v1/events?environment=production', { headers: { authorization: `Bearer ${token}` } })
    const own = await Promise.all(Array.from({ length: 500 }, () => ask(key)))
    expect(new Set(own.map(({ status }) => status))).toEqual(new Set([200]))
    const [refused, other] = [await ask(key), await ask(few.key)]
    expect([refused.status, refused.headers.get('retry-after'), other.status]).toEqual([429, '30', 200])
    await own[0]?.body?.cancel()
    await expect.poll(async () => (await ask(key)).status).toBe(200)
  }, 30_000)

  it('is what the provider `service` watches', async () => {
    const provider = serviceProvider({ endpoint: served.service.url, environment: 'production', token: few.key })
    ends.push(() => provider.close?.())
    const changes: Change[] = []
    const ended = new AbortController()
    const watching = (async () => {
      for await (const change of provider.watch?.watch('all', ended.signal) ?? []) {
        changes.push(change)
        ended.abort()
      }
    })()
    await expect
      .poll(async () => {
        await put('hidden', 'two')
        await put('apiKey', `two-${changes.length}`)
        return changes
      })
      .toMatchObject([{ kind: 'changed', id: 'payments/apiKey', version: expect.any(String) }])
    await watching
  })

  it('tells names and versions, of the tools that the caller may see', async () => {
    const [shop, till] = [await open(), await open(few.key)]
    await put('hidden', 'canary-1')
    await put('apiKey', 'canary-2')
    await shop.until(/"vault","secret":"apiKey"/)
    await till.until(/"payments","secret":"apiKey"/)
    expect(shop.text()).toContain('"tool":"vault","secret":"root"')
    expect(till.text()).not.toContain('vault')
    expect(shop.text() + till.text()).not.toContain('canary')
  })

  it('goes on after the event that a reader had', async () => {
    const first = await open(few.key)
    await put('apiKey', 'two')
    await first.until(/id: (\S+)\n/)
    const id = /id: (\S+)\n/.exec(first.text())?.[1] ?? ''
    first.end()
    await put('apiKey', 'three')
    await new Promise((resolve) => setTimeout(resolve, 50))
    const second = await open(few.key, { 'last-event-id': id })
    await second.until(/event: changed/)
    expect(second.text()).not.toContain('resync')
  })

  it.each(['nonsense', 'other.3', ''])('says that something was missed where it can’t tell: %j', async (id) => {
    const { until } = await open(few.key, { 'last-event-id': id })
    await until(/event: resync\ndata: \{\}/)
  })

  it('is nothing for who may see nothing', async () => {
    const answer = await served.get('/v1/events?environment=staging')
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'access_denied'])
    expect((await served.get('/v1/events')).status).toBe(400)
  })

  it('ends with the service', async () => {
    const { until } = await open()
    await served.service.close()
    await expect(until(/never/)).rejects.toThrow('It ended')
  })
})
