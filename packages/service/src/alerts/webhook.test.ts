import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import type { Alert } from './alert.ts'
import { Webhook, type WebhookParts } from './webhook.ts'
import { webhookTarget } from './webhook-target.ts'

const alertNo = (number: number): Alert => ({
  id: `incident-${number}`,
  at: '2026-01-01T00:00:00.000Z',
  severity: 'critical',
  reminder: false,
  environment: 'production',
  kind: 'outage',
  what: 'payments.key',
  source: 'openbao',
  reason: 'sealed',
  since: '2026-01-01T00:00:00.000Z',
})

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

interface Receiver {
  readonly url: string
  readonly taken: { readonly body: string; readonly path: string; readonly headers: IncomingHttpHeaders }[]
  /** What it answers next, then 200. */
  readonly answers: number[]
}

const receiver = async (): Promise<Receiver> => {
  const [taken, answers]: [Receiver['taken'], number[]] = [[], []]
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      taken.push({ body, path: request.url ?? '', headers: request.headers })
      response.writeHead(answers.shift() ?? 200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => new Promise((resolve) => server.close(resolve)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=canary`, taken, answers }
}

const open = (parts: Partial<WebhookParts> & Pick<WebhookParts, 'url'>) => {
  const clock = fakeClock()
  const lines: string[] = []
  const note = (line: string, facts: object): void => void lines.push(line + JSON.stringify(facts))
  const webhook = new Webhook({ clock, random: seededRandom(3), log: { warn: note, error: note }, ...parts })
  ends.unshift(() => webhook.close())
  return { webhook, clock, lines }
}

describe('the webhook', () => {
  it('is posted each alert, signed so that its receiver can tell', async () => {
    const { url, taken } = await receiver()
    const { webhook } = open({ url: () => url, secret: () => 'shared' })
    webhook.send(alertNo(1))
    webhook.send(alertNo(2))
    await expect.poll(() => taken.length).toBe(2)
    const [first = expect.unreachable()] = taken
    expect(JSON.parse(first.body)).toEqual(alertNo(1))
    expect(first.path).toBe('/hook?key=canary')
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(first.headers['x-keyplane-signature'])) ?? []
    expect(time).toBe('1767225600')
    expect(signature).toBe(createHmac('sha256', 'shared').update(`${time}.${first.body}`).digest('hex'))
  })

  it('is tried again where that may help, and not where it refuses', async () => {
    const { url, taken, answers } = await receiver()
    answers.push(503, 429, 200, 400)
    const { webhook, clock, lines } = open({ url: () => url })
    webhook.send(alertNo(1))
    const takenLater = async (): Promise<number> => {
      await clock.advance(1_000)
      return taken.length
    }
    await expect.poll(takenLater).toBe(3)
    webhook.send(alertNo(2))
    await expect.poll(() => lines.length).toBe(1)
    await clock.advance(600_000)
    expect(taken).toHaveLength(4)
    expect(lines[0]).toContain('could not be posted to the webhook: status 400.')
    expect(lines[0]).toContain('incident-2')
    expect(lines.join()).not.toContain('canary')
  })

  it('that is away for long is given up and told of, as is what waits too long behind it', async () => {
    const { webhook, clock, lines } = open({ url: () => 'http://127.0.0.1:1/hook?key=canary' })
    for (let number = 0; number < 110; number += 1) webhook.send(alertNo(number))
    expect(lines).toHaveLength(9)
    expect(lines[0]).toMatch(/too many wait.*incident-1"/)
    const seconds = Array.from({ length: 700 }, (_, second) => second)
    for (const _ of seconds) {
      await clock.advance(1_000)
      if (lines.length > 9) break
    }
    await expect.poll(() => lines.length).toBeGreaterThan(9)
    expect(lines[9]).toMatch(/refused|unavailable/)
    expect(lines.join()).not.toContain('canary')
  }, 20_000)

  it('ends at once, whatever waits', async () => {
    const { webhook, lines } = open({ url: () => 'http://127.0.0.1:1/', clock: systemClock })
    webhook.send(alertNo(1))
    webhook.send(alertNo(2))
    await webhook.close()
    webhook.send(alertNo(3))
    expect(lines).toHaveLength(2)
  })

  it.each(['hooks.example.com', 'ftp://example.com/', 'http://example.com/hook', 'https://u:p@example.com/'])(
    'is nowhere like %s',
    (url) => {
      expect(() => webhookTarget(url)).toThrow(expect.objectContaining({ code: 'config_invalid' }) as Error)
    },
  )
})
