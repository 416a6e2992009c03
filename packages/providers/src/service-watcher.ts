import {
  type Change,
  type Clock,
  type ErrorCode,
  type Random,
  SecretsError,
  type SecretWatcher,
  untilAborted,
} from '@keyplane/core'
import { EventStreamReader, parseChange, type ServerSentEvent } from '@keyplane/protocol'
import type { OpenStream } from './event-source.ts'
import { serviceError } from './service-errors.ts'

export interface ServiceWatcherParts {
  readonly token: (signal: AbortSignal) => Promise<string>
  /** Opens the stream of changes, after the event of this id. */
  readonly open: (token: string, lastEventId: string | undefined, signal: AbortSignal) => Promise<OpenStream>
  /** Whether there is another token than the refused one. */
  readonly renewToken: (refused: string, signal: AbortSignal) => Promise<boolean>
  /** Ends every watch. */
  readonly closing: AbortSignal
  readonly clock: Clock
  readonly random: Random
}

const firstWaitMs = 500
const longestWaitMs = 30_000
const maxErrorLength = 65_536

/** What does not go away by waiting. */
const isFinal = ({ code }: SecretsError): boolean =>
  !['unavailable', 'timeout', 'rate_limited', 'bad_response'].includes(code)

const bodyOf = async (pieces: AsyncIterable<string>): Promise<string> => {
  let body = ''
  for await (const piece of pieces) {
    body += piece
    if (body.length > maxErrorLength) break
  }
  return body
}

/** What the service may say to a reader of changes; all else comes of a service that has no such stream. */
const sayings: readonly ErrorCode[] = ['unauthenticated', 'access_denied', 'rate_limited', 'unavailable', 'timeout']

const refusal = async (
  { status, retryAfter, pieces }: OpenStream,
  asked: { readonly nowMs: number; readonly token: string },
): Promise<SecretsError> => {
  const error = serviceError(status, await bodyOf(pieces), { retryAfter, ...asked })
  if (sayings.includes(error.code) && status !== 501) return error
  return new SecretsError('unsupported', `The service has no stream of changes (HTTP ${status}).`, {
    source: 'service',
  })
}

/** An id that can stand in the header by which the stream is asked for again. */
const isSendable = (id: string): boolean => /^[\x20-\x7e]{0,1024}$/.test(id)

/** One watch: the stream, opened again and again, going on after the last event. */
class Watch {
  readonly #parts: ServiceWatcherParts
  readonly #signal: AbortSignal
  #lastEventId: string | undefined
  #failures = 0
  #opened = 0
  #waitMs: number | undefined
  #triedToken = false
  #token = ''

  constructor(parts: ServiceWatcherParts, signal: AbortSignal) {
    this.#parts = parts
    this.#signal = signal
  }

  async *changes(): AsyncGenerator<Change> {
    while (!this.#signal.aborted) {
      try {
        yield* this.#stream()
      } catch (thrown) {
        if (this.#signal.aborted) return
        if (!(thrown instanceof SecretsError) || (isFinal(thrown) && !(await this.#mayTryAgain(thrown)))) throw thrown
        this.#waitMs = thrown.retryAfterMs ?? this.#waitMs
      }
      await this.#pause()
    }
  }

  async *#stream(): AsyncGenerator<Change> {
    const isFirst = this.#opened + this.#failures === 0
    this.#failures += 1
    const { token, open, clock } = this.#parts
    this.#token = await token(this.#signal)
    const stream = await open(this.#token, this.#lastEventId, this.#signal)
    if (stream.status !== 200) throw await refusal(stream, { nowMs: clock.nowMs(), token: this.#token })
    this.#opened += 1
    this.#triedToken = false
    // Without an event to go on after, nobody knows what was missed meanwhile.
    if (!isFirst && this.#lastEventId === undefined) yield { kind: 'resync' }
    const reader = new EventStreamReader()
    try {
      for await (const piece of stream.pieces)
        for (const event of reader.push(piece)) {
          this.#failures = 0
          const change = this.#changeOf(event)
          if (change) yield change
        }
    } finally {
      this.#waitMs = reader.retryMs
    }
  }

  /** The id is kept first: an event that makes no sense is not asked for again. */
  #changeOf(event: ServerSentEvent): Change | undefined {
    const { lastEventId: id } = event
    if (id !== undefined && isSendable(id)) this.#lastEventId = id
    try {
      return parseChange(event)
    } catch {
      return { kind: 'resync' }
    }
  }

  async #mayTryAgain({ code }: SecretsError): Promise<boolean> {
    // A token's file that was there once is being written anew.
    if (code === 'source_misconfigured') return this.#opened > 0
    if (code !== 'unauthenticated' || this.#triedToken) return false
    this.#triedToken = true
    try {
      return await this.#parts.renewToken(this.#token, this.#signal)
    } catch (thrown) {
      if (this.#opened === 0) throw thrown
      return true
    }
  }

  /** Exponential with full jitter, so that a service that comes back is not met by all at once. */
  async #pause(): Promise<void> {
    const { clock, random } = this.#parts
    const least = Math.min(this.#waitMs ?? firstWaitMs, longestWaitMs)
    const most = Math.min(least * 2 ** Math.min(this.#failures, 10), longestWaitMs)
    const waitMs = Math.max(this.#waitMs ?? 0, most * random.unit())
    this.#waitMs = undefined
    let wake = (): void => {}
    const timer = clock.after(Math.min(waitMs, longestWaitMs), () => wake())
    const over = new Promise<void>((resolve) => {
      wake = resolve
    })
    await untilAborted(over, this.#signal).catch(() => timer.cancel())
  }
}

/** Changes as the service tells them, by server-sent events: ids only, never a value. */
export const serviceWatcher = (parts: ServiceWatcherParts): SecretWatcher => ({
  watch: async function* (ids, signal) {
    if (parts.closing.aborted)
      throw new SecretsError('closed', 'The service provider was closed.', { source: 'service' })
    const ended = new AbortController()
    const end = (): void => ended.abort()
    for (const one of [signal, parts.closing]) {
      if (one.aborted) return
      one.addEventListener('abort', end, { once: true })
    }
    try {
      for await (const change of new Watch(parts, ended.signal).changes())
        if (ids === 'all' || change.kind === 'resync' || ids.includes(change.id)) yield change
    } finally {
      ended.abort()
      for (const one of [signal, parts.closing]) one.removeEventListener('abort', end)
    }
  },
})
