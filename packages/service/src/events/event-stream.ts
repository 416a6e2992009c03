import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '@keyplane/core'
import { encodeChange } from '@keyplane/protocol'
import type { ChangeFeed, FeedEvent } from './change-feed.ts'

export interface EventStreamParts {
  readonly feed: ChangeFeed
  readonly clock: Clock
  /** The tools that the caller may see, asked again each time; nothing where it is no caller any longer. */
  readonly visible: () => Promise<((tool: string) => boolean) | undefined>
}

const heartbeatMs = 15_000
const retryMs = 2_000
/** What may wait for a slow reader, in bytes: some hundred events. It comes back and is told what it missed. */
const maxWaiting = 65_536

/** One reader of an environment's changes. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #parts: EventStreamParts
  readonly #stopListening: () => void
  #heartbeat: Timer | undefined
  /** Events go out in their order, each after the reader's access was asked for. */
  #last: Promise<void> = Promise.resolve()
  #waiting = 0

  /** Takes the answer over: whatever is written to it from then on is the stream's. */
  constructor(response: ServerResponse, lastEventId: string | undefined, parts: EventStreamParts) {
    this.#response = response
    this.#parts = parts
    const { feed } = parts
    this.#stopListening = feed.listen((event) => this.#send(event))
    response.once('close', () => this.#stop())
    response.write(`retry: ${retryMs}\n\n`)
    if (lastEventId !== undefined) {
      const missed = feed.since(lastEventId)
      if (!missed) response.write(encodeChange({ kind: 'resync' }, feed.lastId))
      for (const event of missed ?? []) this.#send(event)
    }
    this.#beat()
  }

  /** Ends it, so that its reader opens it again, here or elsewhere. */
  end(): void {
    this.#stop()
    this.#response.end()
  }

  #send({ tool, text }: FeedEvent): void {
    this.#waiting += text.length
    if (this.#response.writableLength + this.#waiting > maxWaiting) return this.#drop()
    this.#last = this.#last.then(async () => {
      const isVisible = await this.#visible()
      this.#waiting -= text.length
      if (isVisible?.(tool) && !this.#response.destroyed) this.#response.write(text)
    })
  }

  /** Nothing is told to who can't be asked for. */
  async #visible(): Promise<((tool: string) => boolean) | undefined> {
    const isVisible = await this.#parts.visible().catch(() => undefined)
    if (!isVisible) this.end()
    return isVisible
  }

  #beat(): void {
    this.#heartbeat = this.#parts.clock.after(heartbeatMs, () => {
      void this.#visible().then((isVisible) => {
        if (!isVisible || this.#response.destroyed) return
        if (this.#response.writableLength > maxWaiting) return this.#drop()
        this.#response.write(':\n\n')
        this.#beat()
      })
    })
  }

  #drop(): void {
    this.#stop()
    this.#response.destroy()
  }

  #stop(): void {
    this.#heartbeat?.cancel()
    this.#stopListening()
  }
}
