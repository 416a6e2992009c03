import { wantsText } from './accepts-text.ts'

/** What the fast path needs of a request, as offsets and short texts: nothing is built that is not used. */
export interface PlainGet {
  readonly secretId: string
  /** Values of the token headers, in the order of their names in the configuration: the first of each name. */
  readonly tokens: readonly (Uint8Array | undefined)[]
}

const start = 'GET /secretsmanager/get?secretId='
const version = ' HTTP/1.1'
/** Characters that stand for themselves in a query: no escapes, no second parameter. */
const plainId = /^[A-Za-z0-9/_.@:-]+$/
/** Header lines without a fold, a bare line end, or anything that a parser might read in two ways. */
const plainHeaders = /^(?:[A-Za-z0-9!#$%&'*.^_`|~-]+:[\t\x20-\x7e]*\r\n)+$/
const loopbackHost = /^(?:localhost|127\.0\.0\.1)(?::\d{1,5})?$/
const maxHeaders = 64
const nothing = Buffer.alloc(0)
/** What most clients accept. */
const anything = ' */*\r\n'

/** Headers that say how to read on, or that a guard has to see: such a request is not plain. */
const notPlain: ReadonlySet<string> = new Set([
  'content-length',
  'expect',
  'forwarded',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
])

/**
 * Reads a chunk that is exactly one plain `GET /secretsmanager/get?secretId=…`, whole and alone. Gives nothing for
 * everything else, however valid: `node:http` reads that.
 */
export const readPlainGet = (chunk: Buffer, tokenHeaders: readonly string[]): PlainGet | undefined => {
  const request = chunk.toString('latin1')
  if (!request.startsWith(start) || !request.endsWith('\r\n\r\n')) return undefined
  const lineEnd = request.indexOf('\r\n')
  if (!request.startsWith(version, lineEnd - version.length)) return undefined
  const secretId = request.slice(start.length, lineEnd - version.length)
  if (!plainId.test(secretId)) return undefined
  const headers = request.slice(lineEnd + 2, -2)
  if (!plainHeaders.test(headers)) return undefined
  const tokens = readTokens(headers, tokenHeaders)
  return tokens && { secretId, tokens }
}

/**
 * The plain requests of one connection. A client that keeps its connection sends the same bytes again and again, and the
 * same bytes are read the same way: only a request that differs from the one before is read.
 */
export class PlainGets {
  #chunk = nothing
  #request: PlainGet | undefined

  /** As `readPlainGet`, with the same token headers every time. */
  read(chunk: Buffer, tokenHeaders: readonly string[]): PlainGet | undefined {
    if (this.#request && chunk.equals(this.#chunk)) return this.#request
    this.#request = readPlainGet(chunk, tokenHeaders)
    // A copy: the chunk may be a small part of a large buffer.
    this.#chunk = this.#request ? Buffer.from(chunk) : nothing
    return this.#request
  }
}

const readTokens = (headers: string, tokenHeaders: readonly string[]): (Uint8Array | undefined)[] | undefined => {
  const tokens: (Uint8Array | undefined)[] = []
  let hosts = 0
  let accepts = 0
  let count = 0
  for (let from = 0; from < headers.length; count += 1) {
    const colon = headers.indexOf(':', from)
    const end = headers.indexOf('\r\n', colon)
    const name = headers.slice(from, colon).toLowerCase()
    if (notPlain.has(name)) return undefined
    const tokenIndex = tokenHeaders.indexOf(name)
    if (tokenIndex >= 0) tokens[tokenIndex] ??= Buffer.from(headers.slice(colon + 1, end).trim(), 'latin1')
    else if (name === 'host') {
      hosts += 1
      if (!loopbackHost.test(headers.slice(colon + 1, end).trim())) return undefined
    } else if (name === 'accept') {
      // One that wants another form than JSON; of two, each might say it.
      const isAny = headers.startsWith(anything, colon + 1)
      if (accepts > 0 || (!isAny && wantsText(headers.slice(colon + 1, end)))) return undefined
      accepts += 1
    } else if (
      name === 'connection' &&
      headers
        .slice(colon + 1, end)
        .trim()
        .toLowerCase() !== 'keep-alive'
    )
      return undefined
    from = end + 2
  }
  return hosts === 1 && count <= maxHeaders ? tokens : undefined
}
