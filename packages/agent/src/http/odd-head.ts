import { isUtf8 } from 'node:buffer'
import type { AgentRequest } from './messages.ts'

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.[01]$/
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*((?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)[\t ]*$/
/** All that a head may hold; of what is above ASCII, `latin1` gives a character a byte. */
const allowed = /^(?:[\t\n\x20-\x7e\x80-\xff]|\r(?=\n|$))*$/
/** Read anew whenever more of it comes, so it is a short one. */
export const maxOddHeadBytes = 16_384

/** What a request's headers say of its body. No bytes are no body: some clients declare them with every method. */
export const declaresBody = (headers: Readonly<Record<string, string | readonly string[] | undefined>>): boolean =>
  (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined

/** What the bytes so far are: a whole head, the beginning of one, or none. */
export type OddHead = AgentRequest | 'incomplete' | 'too long' | 'malformed'

/**
 * Reads the head of a request that `node:http` refuses and the AWS agent's parser takes: an unknown method or one in
 * lower case, bare line feeds, UTF-8 in the target as it is. Only for who closes the connection after the answer: where
 * the request ends is not told, and one with a body, or whose length stands there twice, is malformed.
 */
export const readOddHead = (bytes: Buffer): OddHead => {
  const text = bytes.toString('latin1').replace(/^(?:\r?\n)+/, '')
  const end = /\r?\n\r?\n/.exec(text)
  const head = end ? text.slice(0, end.index) : text
  if (head.length > maxOddHeadBytes) return 'too long'
  if (!allowed.test(head)) return 'malformed'
  const lines = head.split(/\r?\n/)
  // A line that has not ended yet says nothing.
  const [first, ...headers] = end ? lines : lines.slice(0, -1)
  if (first === undefined) return 'incomplete'
  const asked = requestLine.exec(first)
  const rawHeaders: string[] = []
  const framing: Record<string, string> = {}
  for (const line of headers) {
    const header = headerLine.exec(line)
    const [, name = '', value = ''] = header ?? []
    const key = name.toLowerCase()
    if (!header || Object.hasOwn(framing, key)) return 'malformed'
    if (key === 'content-length' || key === 'transfer-encoding') framing[key] = value
    if (declaresBody(framing)) return 'malformed'
    rawHeaders.push(name, value)
  }
  if (!asked || !isUtf8(Buffer.from(String(asked[2]), 'latin1'))) return 'malformed'
  return end ? { method: String(asked[1]), target: String(asked[2]), rawHeaders } : 'incomplete'
}

/** The beginning of an HTTP/2 connection, which the AWS agent ends without a byte. */
export const isHttp2Preface = (bytes: Buffer): boolean =>
  bytes.toString('latin1', 0, 16).startsWith('PRI * HTTP/2.0\r\n')
