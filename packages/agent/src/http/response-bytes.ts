import { STATUS_CODES } from 'node:http'
import type { Clock } from '@keyplane/core'
import type { AgentResponse } from './messages.ts'

/** The Date header of this second, made once in it. */
export class HttpDate {
  readonly #clock: Clock
  #second = Number.NaN
  #text = ''

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Seconds since the epoch; changes when `text` does. */
  get second(): number {
    const second = Math.floor(this.#clock.nowMs() / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = new Date(second * 1_000).toUTCString()
    }
    return second
  }

  get text(): string {
    return this.second >= 0 ? this.#text : ''
  }
}

/** The headers of every answer, in their order on the wire. */
export const headersOf = (
  { contentType, body }: AgentResponse,
  date: string,
  { isLast = false }: { readonly isLast?: boolean } = {},
): string[] => [
  'content-type',
  contentType,
  'content-length',
  String(Buffer.byteLength(body)),
  'date',
  date,
  // Told only where the server ends what the client would keep open.
  ...(isLast ? ['connection', 'close'] : []),
]

/** The whole answer as it goes out; where it is the connection's last, it says so. */
export const responseBytes = (
  response: AgentResponse,
  date: string,
  options: { readonly isLast?: boolean } = {},
): Buffer => {
  const headers = headersOf(response, date, options)
  let head = `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}\r\n`
  for (let index = 0; index < headers.length; index += 2) head += `${headers[index]}: ${headers[index + 1]}\r\n`
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), Buffer.from(response.body)])
}
