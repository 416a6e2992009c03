import { SecretsError } from '@keyplane/core'

/** One event of a stream of server-sent events. */
export interface ServerSentEvent {
  /** Default `message`. */
  readonly event: string
  readonly data: string
  /** The last id that the stream has named, this event's or an earlier one's. */
  readonly lastEventId?: string
}

const maxEventLength = 65_536

/**
 * Reads a stream of server-sent events piece by piece.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventStreamReader {
  #rest = ''
  #event = ''
  #data: string[] = []
  #length = 0
  #lastEventId: string | undefined
  #begun = false
  /** How long the server wants to be left alone after a cut, in milliseconds. */
  retryMs: number | undefined

  /** The events that this piece of text completes. @throws SecretsError `bad_response` for one that does not end. */
  push(piece: string): ServerSentEvent[] {
    const text = this.#rest + (this.#begun ? piece : piece.replace(/^\ufeff/, ''))
    this.#begun ||= piece !== ''
    // A final CR may be half of a CR LF.
    const lines = text.split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    const events: ServerSentEvent[] = []
    for (const line of lines) {
      const event = this.#line(line)
      if (event) events.push(event)
    }
    if (this.#length + this.#rest.length > maxEventLength)
      throw new SecretsError('bad_response', 'The stream has an event that does not end.', { source: 'service' })
    return events
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch()
    const [, field = '', value = ''] = /^([^:]*)(?::(?: )?(.*))?$/s.exec(line) ?? []
    this.#length += line.length
    if (field === 'event') this.#event = value
    else if (field === 'data') this.#data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.#lastEventId = value
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) this.retryMs = Number(value)
    return undefined
  }

  #dispatch(): ServerSentEvent | undefined {
    const [event, data] = [this.#event || 'message', this.#data]
    this.#event = ''
    this.#data = []
    this.#length = 0
    if (data.length === 0) return undefined
    const id = this.#lastEventId === undefined ? {} : { lastEventId: this.#lastEventId }
    return { event, data: data.join('\n'), ...id }
  }
}
