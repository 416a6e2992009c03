import { createHash } from 'node:crypto'

/** A request as it is on the wire: every text holds one character a byte (Latin-1), as `node:http` gives it. */
export interface WireRequest {
  readonly method: string
  /** The request line's target, still encoded: `/path?query`. */
  readonly target: string
  /** Names and values by turns, as `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: readonly string[]
}

export const sha256Hex = (data: string | Uint8Array): string => {
  const hash = createHash('sha256')
  return (typeof data === 'string' ? hash.update(data, 'latin1') : hash.update(data)).digest('hex')
}

const escapes: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
})

const escapeBytes = (bytes: string): string => {
  if (/^[A-Za-z0-9\-._~]*$/.test(bytes)) return bytes
  let escaped = ''
  for (let index = 0; index < bytes.length; index += 1) escaped += escapes[bytes.charCodeAt(index) & 0xff]
  return escaped
}

/** Dot segments and empty segments resolved, then every byte escaped: an escape on the wire is escaped once more. */
const canonicalPath = (path: string): string => {
  if (path === '/') return path
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(escapeBytes(segment))
  }
  return `/${kept.join('/')}${kept.length > 0 && path.endsWith('/') ? '/' : ''}`
}

/**
 * A part of a query, unescaped and escaped again. A percent sign that begins no escape stays as it is: no signer
 * writes one, so that two targets which a server may read differently never share a canonical form.
 */
const canonicalQueryPart = (part: string): string =>
  part
    .split(/(%[0-9A-Fa-f]{2}|%)/)
    .map((piece) => {
      if (piece === '%') return piece
      return piece.startsWith('%') ? (escapes[Number.parseInt(piece.slice(1), 16)] ?? '') : escapeBytes(piece)
    })
    .join('')

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const canonicalQuery = (query: string): string => {
  if (query === '') return ''
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals < 0
        ? { name: canonicalQueryPart(pair), value: '' }
        : { name: canonicalQueryPart(pair.slice(0, equals)), value: canonicalQueryPart(pair.slice(equals + 1)) }
    })
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&')
}

const canonicalValue = (value: string): string => value.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '')

/** Each header's values in their order, by lower-case name. */
export const headerValues = (rawHeaders: readonly string[]): ReadonlyMap<string, readonly string[]> => {
  const values = new Map<string, string[]>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = canonicalValue(rawHeaders[index + 1] ?? '')
    const earlier = values.get(name)
    if (earlier) earlier.push(value)
    else values.set(name, [value])
  }
  return values
}

/**
 * The text that SigV4 signs the hash of, or `undefined` where a signed header is not in the request.
 * `signedHeaders` are lower-case names in their sorted order.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export const canonicalRequest = (
  request: Omit<WireRequest, 'rawHeaders'> & { readonly headers: ReadonlyMap<string, readonly string[]> },
  signedHeaders: readonly string[],
  bodyHash: string,
): string | undefined => {
  const question = request.target.indexOf('?')
  const path = question < 0 ? request.target : request.target.slice(0, question)
  const query = question < 0 ? '' : request.target.slice(question + 1)
  let headers = ''
  for (const name of signedHeaders) {
    const values = request.headers.get(name)
    if (!values) return undefined
    headers += `${name}:${values.join(',')}\n`
  }
  return `${request.method}\n${canonicalPath(path)}\n${canonicalQuery(query)}\n${headers}\n${signedHeaders.join(';')}\n${bodyHash}`
}
