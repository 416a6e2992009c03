import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import type { Alert } from './alert.ts'
import { Webhook, type WebhookParts } from './webhook.ts'
import { webhookTarget } from './webhook-target.ts'

const alertNo = (number: number, environment = 'production'): Alert => ({
  id: `incident-${number}`,
  at: '2026-01-01T00:00:00.000Z',
  severity: 'critical',
  reminder: false,
  environment,
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
  /** What it does not answer 200, by what stands in an alert. */
  readonly refuses: { text?: string; status: number | 'nothing' }
  /** How many it is asked at the same time, at most. */
  readonly atOnce: { now: number; most: number }
}

const receiver = async (): Promise<Receiver> => {
  const [taken, answers]: [Receiver['taken'], number[]] = [[], []]
  const refuses: Receiver['refuses'] = { status: 503 }
  const atOnce = { now: 0, most: 0 }
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      atOnce.most = Math.max(atOnce.most, (atOnce.now += 1))
      response.on('close', () => (atOnce.now -= 1))
      const refused = refuses.text !== undefined && body.includes(refuses.text)
      if (!refused) taken.push({ body, path: request.url ?? '', headers: request.headers })
      if (refused && refuses.status === 'nothing') return
      response.writeHead(refused ? Number(refuses.status) : (answers.shift() ?? 200)).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => new Promise((resolve) => server.close(resolve)))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=canary`,
    taken,
    answers,
    refuses,
    atOnce,
  }
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

  it('holds back no alert for another’s sake that it does not take', async () => {
    const { url, taken, refuses } = await receiver()
    refuses.text = 'staging'
    const { webhook, clock } = open({ url: () => url })
    webhook.send(alertNo(1, 'staging'))
    webhook.send({ ...alertNo(2, 'staging'), kind: 'refusal' })
    webhook.send(alertNo(3))
    await expect.poll(() => taken.length).toBe(1)
    expect(taken[0]?.body).toContain('incident-3')
    delete refuses.text
    const takenLater = async (): Promise<number> => {
      await clock.advance(1_000)
      return taken.length
    }
    await expect.poll(takenLater).toBe(3)
  })

  it('is posted the alerts of one subject in their order, however long the first one takes', async () => {
    const { url, taken, answers } = await receiver()
    answers.push(503, 503, 503)
    const { webhook, clock } = open({ url: () => url })
    const severities = ['degraded', 'critical', 'recovered'] as const
    for (const severity of severities) webhook.send({ ...alertNo(1), severity })
    const takenLater = async (): Promise<number> => {
      await clock.advance(1_000)
      return taken.length
    }
    await expect.poll(takenLater, { timeout: 10_000 }).toBe(6)
    const posted = taken.map(({ body }) => (JSON.parse(body) as Alert).severity)
    expect(posted).toEqual(['degraded', 'degraded', 'degraded', ...severities])
  })

  it('is asked four times at once at most', async () => {
    const { url, atOnce, refuses } = await receiver()
    Object.assign(refuses, { text: 'environment', status: 'nothing' })
    const { webhook } = open({ url: () => url, clock: systemClock })
    for (let number = 0; number < 12; number += 1) webhook.send(alertNo(number, `environment-${number}`))
    await expect.poll(() => atOnce.most).toBe(4)
    await webhook.close()
    expect(atOnce.most).toBe(4)
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
