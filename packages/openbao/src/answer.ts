import { type HttpAnswer, retryAfterMs } from '@keyplane/http'

type Members = Readonly<Record<string, unknown>>

const membersOf = (body: Uint8Array): Members | undefined => {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Members) : undefined
  } catch {
    return undefined
  }
}

const textsOf = (list: unknown): readonly string[] =>
  Array.isArray(list) ? list.filter((text): text is string => typeof text === 'string') : []

const header = (headers: HttpAnswer['headers'], name: string): string | undefined => {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * What OpenBao answered. Its body, which may hold a token or a secret, shows itself only to `member`; printed, an answer
 * shows its status and request id.
 */
export class OpenBaoAnswer {
  readonly status: number
  /** OpenBao's name of the request, the same as in its audit log. */
  readonly requestId: string | undefined
  /** What OpenBao found odd about a request that it served all the same. */
  readonly warnings: readonly string[]
  readonly retryAfterMs: number | undefined
  /** Where a standby sends the caller. */
  readonly location: string | undefined
  /** The state that a write has led to, opaque; given by OpenBao 2.7 and newer. */
  readonly index: string | undefined
  readonly empty: boolean
  readonly #members: Members | undefined

  constructor({ status, headers, body }: HttpAnswer, nowMs: number) {
    this.status = status
    this.empty = body.byteLength === 0
    this.#members = membersOf(body)
    const id = this.#members?.['request_id']
    this.requestId = typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : undefined
    this.warnings = textsOf(this.#members?.['warnings'])
    this.retryAfterMs = retryAfterMs(header(headers, 'retry-after'), nowMs)
    this.location = header(headers, 'location')
    this.index = header(headers, 'x-vault-index')
  }

  /** Whether the body is a JSON object, as all of OpenBao's are. */
  get isObject(): boolean {
    return this.#members !== undefined
  }

  /** The error texts; nothing where the answer has no list of them, which is not the same as an empty one. */
  get errors(): readonly string[] | undefined {
    const list = this.#members?.['errors']
    return Array.isArray(list) ? textsOf(list) : undefined
  }

  /** A member by its path, such as `member('data', 'metadata')`; it may be a secret. */
  member(...path: readonly string[]): unknown {
    let at: unknown = this.#members
    for (const name of path) {
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
      at = (at as Members)[name]
    }
    return at
  }
}
