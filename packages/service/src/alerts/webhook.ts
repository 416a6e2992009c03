import { type Clock, type Random, SecretsError, toSecretsError, untilAborted } from '@keyplane/core'
import { type HttpAnswer, httpClient, retryAfterMs } from '@keyplane/http'
import type { SecretsLog } from '@keyplane/secrets'
import { Semaphore } from '../limits/semaphore.ts'
import type { Alert } from './alert.ts'
import { webhookSignature } from './webhook-signature.ts'
import { webhookTarget } from './webhook-target.ts'

export interface WebhookParts {
  /** Asked at each attempt, so that what is exchanged in a file holds from then on. */
  readonly url: () => string
  /** Shared with whoever is posted to. Default: nothing is signed. */
  readonly secret?: (() => string) | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: SecretsLog
}

/** Alerts that wait behind others; beyond them the oldest is given up, as the latest says best how things stand. */
const maxWaiting = 100
/** Attempts at a time. */
const atOnce = 4
/** An alert is tried for so long. */
const tryForMs = 600_000
const firstWaitMs = 1_000
const maxWaitMs = 60_000
const attemptMs = 5_000

/**
 * Posts alerts, each until it is taken or its time is over. Those of one subject are posted in their order, one after the
 * other; none waits for another subject's.
 */
export class Webhook {
  readonly #parts: WebhookParts
  readonly #waiting: Alert[] = []
  /** By subject. */
  readonly #posting = new Map<string, Promise<void>>()
  readonly #turns = new Semaphore({ atOnce })
  readonly #closing = new AbortController()

  constructor(parts: WebhookParts) {
    this.#parts = parts
  }

  /** Takes an alert to be posted; never waits, never throws. */
  send(alert: Alert): void {
    if (this.#closing.signal.aborted) return
    this.#waiting.push(alert)
    const subject = subjectOf(alert)
    if (!this.#posting.has(subject)) this.#posting.set(subject, this.#postAll(subject))
    if (this.#waiting.length > maxWaiting) this.#giveUp(this.#waiting.shift(), 'too many wait')
  }

  /** Ends all attempts; what waits is given up, and told. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#posting.values())
    for (const alert of this.#waiting.splice(0)) this.#giveUp(alert, 'the service ends')
  }

  async #postAll(subject: string): Promise<void> {
    for (let alert = this.#next(subject); alert; alert = this.#next(subject)) {
      const why = await this.#post(alert)
      if (why !== undefined) this.#giveUp(alert, why)
    }
    this.#posting.delete(subject)
  }

  #next(subject: string): Alert | undefined {
    if (this.#closing.signal.aborted) return undefined
    const index = this.#waiting.findIndex((alert) => subjectOf(alert) === subject)
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]
  }

  /** Why it was given up, if it was. */
  async #post(alert: Alert): Promise<string | undefined> {
    const { clock, random } = this.#parts
    const endMs = clock.monotonicMs() + tryForMs
    for (let attempt = 0; ; attempt += 1) {
      const failure = await this.#turns.take(() => this.#attempt(JSON.stringify(alert)))
      if (!failure) return undefined
      // Full jitter: many services that fail together do not come back together.
      const jittered = random.unit() * Math.min(maxWaitMs, firstWaitMs * 2 ** attempt)
      const waitMs = Math.max(jittered, Math.min(failure.retryAfterMs ?? 0, maxWaitMs))
      const isOver = clock.monotonicMs() + waitMs >= endMs || failure.code === 'invalid_request'
      if (isOver || !(await this.#waited(waitMs))) return failure.reason ?? failure.code
    }
  }

  async #attempt(body: string): Promise<SecretsError | undefined> {
    const { url, secret, clock } = this.#parts
    try {
      const { endpoint, target } = webhookTarget(url())
      const signature = secret && webhookSignature(body, secret(), clock.nowMs())
      const headers = { 'content-type': 'application/json', ...(signature && { 'x-keyplane-signature': signature }) }
      const http = httpClient({ endpoint, source: 'webhook', clock, timeoutMs: attemptMs, maxAnswerBytes: 65_536 })
      const { signal } = this.#closing
      try {
        return refusalOf(await http.send({ method: 'POST', target, headers, body, signal }), clock.nowMs())
      } finally {
        http.close()
      }
    } catch (thrown) {
      return toSecretsError(thrown)
    }
  }

  /** Whether the time passed, rather than the end coming. */
  async #waited(ms: number): Promise<boolean> {
    const { signal } = this.#closing
    const passed = new Promise<void>((resolve) => void this.#parts.clock.after(ms, resolve))
    return untilAborted(passed, signal).then(
      () => true,
      () => false,
    )
  }

  #giveUp(alert: Alert | undefined, why: string): void {
    if (!alert) return
    const { id, environment, kind, severity } = alert
    this.#parts.log.error(`An alert could not be posted to the webhook: ${why}.`, { id, environment, kind, severity })
  }
}

/** What an alert may contradict an earlier one about. */
const subjectOf = ({ environment, kind }: Alert): string => `${environment} ${kind}`

const refusalOf = ({ status, headers }: HttpAnswer, nowMs: number): SecretsError | undefined => {
  if (status >= 200 && status < 300) return undefined
  const waitMs = retryAfterMs(headers['retry-after'], nowMs)
  const passes = status >= 500 || status === 408 || status === 429
  return new SecretsError(passes ? 'unavailable' : 'invalid_request', 'The webhook took no alert.', {
    reason: `status ${status}`,
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  })
}
