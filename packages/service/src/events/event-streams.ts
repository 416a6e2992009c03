import type { ServerResponse } from 'node:http'
import { type Clock, type Random, SecretsError } from '@keyplane/core'
import type { OpenEnvironment } from '../environments/open-environment.ts'
import { ChangeFeed } from './change-feed.ts'
import { EventStream, type EventStreamParts } from './event-stream.ts'

export interface EventStreamsParts {
  readonly environments: ReadonlyMap<string, OpenEnvironment>
  readonly clock: Clock
  readonly random: Random
}

export interface StreamCall extends Pick<EventStreamParts, 'visible'> {
  readonly client: string
  readonly environment: string
  readonly lastEventId: string | undefined
}

/** Each is a connection that stays; no client takes the room of all others. */
const maxStreams = 2_000
const maxOfClient = 500
const retryAfterMs = 30_000

/** The open streams of changes. */
export class EventStreams {
  readonly #clock: Clock
  readonly #feeds: ReadonlyMap<string, ChangeFeed>
  /** Each with its client. */
  readonly #open = new Map<EventStream, string>()

  constructor({ environments, clock, random }: EventStreamsParts) {
    this.#clock = clock
    this.#feeds = new Map([...environments].map(([name, open]) => [name, new ChangeFeed(open, { clock, random })]))
  }

  /** @throws SecretsError `rate_limited` where there are too many; ask it before the answer is begun. */
  assertRoom(client: string): void {
    const own = [...this.#open.values()].filter((each) => each === client)
    if (this.#open.size >= maxStreams || own.length >= maxOfClient)
      throw new SecretsError('rate_limited', 'There are too many streams open.', { retryAfterMs })
  }

  /** Goes on with an answer whose head is written. */
  open(response: ServerResponse, { client, environment, lastEventId, visible }: StreamCall): void {
    const feed = this.#feeds.get(environment)
    if (!feed) return void response.end()
    const stream = new EventStream(response, lastEventId, { feed, clock: this.#clock, visible })
    this.#open.set(stream, client)
    response.once('close', () => this.#open.delete(stream))
  }

  close(): void {
    for (const stream of this.#open.keys()) stream.end()
    for (const feed of this.#feeds.values()) feed.close()
  }
}
