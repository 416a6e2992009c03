import type { Random } from '@keyplane/core'
import { token } from './token.ts'

/** What one connection is sent. */
export interface FuzzStream {
  /** Each is written by itself, so that it most likely is a read of its own. */
  readonly pieces: readonly Buffer[]
  /** Requests that were written down; what a parser makes of them is another matter. */
  readonly requests: number
}

const methods = [
  'POST',
  'HEAD',
  'PUT',
  'OPTIONS',
  'CONNECT',
  'PRI',
  'M-SEARCH',
  'get',
  'Get',
  'FOO',
  'GE T',
  'G\x00T',
  '',
]
const targets = [
  '/secretsmanager/get?secretId=MyTest',
  '/secretsmanager/get?secretId=Nope',
  '/secretsmanager/get?secretId=MyTest&versionStage=AWSCURRENT',
  '/secretsmanager/get?secretId=My%54est',
  '/secretsmanager/get?secretId=My+Test#x',
  '/secretsmanager/get?secretId=MyTest&refreshNow=maybe',
  '/secretsmanager/get?secretid=MyTest',
  '/secretsmanager/get',
  'http://localhost/secretsmanager/get?secretId=MyTest',
  'http://evil.example/ping',
  'HTTP://[::1]:2773/v1/MyTest',
  '/v1/MyTest',
  '/v1/a/../MyTest',
  '/v1/..%2fMyTest',
  '/v1/caf\xc3\xa9',
  '/v1/\xff\xfe',
  '/v1/a b',
  '//v1/MyTest',
  '/ping',
  '/ping?x=1',
  '/readyz',
  '/metrics',
  '*',
  'ping',
  'localhost:80',
  '?secretId=MyTest',
]
const versions = ['HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 ', 'HTTP/11', '']
const headers = [
  'Host: evil.example',
  'Host: 127.0.0.1:2773',
  'Host : localhost',
  ' Host: localhost',
  'Host:',
  `X-Vault-Token: ${token}`,
  `x-AWS-parameters-secrets-token:${token}`,
  `X-Vault-Token: \t${token} \t`,
  'X-Vault-Token: wrong',
  'X-Vault-Token:',
  `X-Vault-Token:\r\n ${token}`,
  `X-Vault-Token : ${token}`,
  'X-Forwarded-For: 1.2.3.4',
  'x-forwarded-for:',
  'Connection: close',
  'Connection: Keep-Alive',
  'Connection: upgrade, close',
  'Proxy-Connection: close',
  'Upgrade: websocket',
  'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings',
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: 5, 5',
  'Content-Length: +5',
  'Content-Length: 0x5',
  'Content-Length: -1',
  'Content-Length: 18446744073709551617',
  'Content-Length : 5',
  'Content-Length: 5 ',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: Chunked, gzip',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding : chunked',
  'TE: trailers',
  'Expect: 100-continue',
  'Expect: the unexpected',
  'Accept: text/plain',
  'Accept: application/json, text/plain, */*',
  'Cookie: a=b; c=d',
  'X-Odd: a\x00b',
  'X-High: \xff\xc3\xa9',
  'X-Bare: a\rb',
  'X-Del: \x7f',
  'X\xe9: 1',
  'X Y: 1',
  'NoColon',
  ': nameless',
  '',
]
const bodies = [
  '5\r\nhello\r\n0\r\n\r\n',
  '5;a=b\r\nhello\r\n0\r\nX-Forwarded-For: 1\r\n\r\n',
  '5\nhello\n0\n\n',
  '0005\r\nhello\r\n00\r\n\r\n',
  '-1\r\nhello\r\n0\r\n\r\n',
  'g\r\nhello\r\n0\r\n\r\n',
  'ffffffffffffffff1\r\nhello\r\n0\r\n\r\n',
  '5\r\nhelloGET /ping HTTP/1.1\r\n\r\n',
  '0\r\n\r\n',
  'hello',
  'hell',
  'hello, and more',
]

/** The last of each stream: whoever read all before it as requests ends the connection here. */
const last = Buffer.from('GET /ping?the=end HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 'latin1')

/** Streams of requests, most of them well-formed to a point, each with a few things done to it that clients do not do. */
export class FuzzStreams {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  next(): FuzzStream {
    const requests = this.#chance(0.3) ? 1 : 1 + this.#below(6)
    const texts = Array.from({ length: requests }, () => this.#request())
    const ends = texts.map((_, index) => texts.slice(0, index + 1).join('').length)
    const bytes = Buffer.concat([Buffer.from(texts.join(''), 'latin1'), last])
    return { pieces: this.#split(bytes, ends), requests: requests + 1 }
  }

  #below(bound: number): number {
    return Math.floor(this.#random.unit() * bound)
  }

  #chance(of: number): boolean {
    return this.#random.unit() < of
  }

  #one<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)] as T
  }

  #request(): string {
    const odd = this.#chance(0.75)
    const method = odd && this.#chance(0.2) ? this.#one(methods) : 'GET'
    const target = this.#chance(0.4) ? this.#target() : '/secretsmanager/get?secretId=MyTest'
    const version = odd && this.#chance(0.08) ? this.#one(versions) : 'HTTP/1.1'
    const lines = ['Host: localhost', `X-Vault-Token: ${token}`]
    const extra = odd ? this.#below(4) : 0
    for (let count = 0; count < extra; count += 1) this.#changeLines(lines)
    const body = odd && this.#chance(0.15) ? this.#body(lines) : ''
    const text = this.#ended([`${method} ${target} ${version}`, ...lines], odd) + body
    return odd && this.#chance(0.2) ? this.#changeBytes(text) : text
  }

  #target(): string {
    if (this.#chance(0.004)) return `/v1/${'x'.repeat(this.#one([4_000, 16_380, 65_530, 65_531, 80_000]))}`
    return this.#one(targets)
  }

  #changeLines(lines: string[]): void {
    const at = this.#below(lines.length + 1)
    const what = this.#below(12)
    const line = lines[at] ?? ''
    if (what === 0) lines.splice(at, 1)
    else if (what === 1) lines.splice(at, 0, line)
    else if (what === 2) lines[at] = this.#chance(0.5) ? line.toLowerCase() : line.toUpperCase()
    else if (what === 3 && this.#chance(0.05)) lines.splice(at, 0, ...this.#many())
    else lines.splice(at, 0, this.#one(headers))
  }

  /** About as many headers, or as long ones, as are taken. */
  #many(): string[] {
    if (this.#chance(0.5)) return Array.from({ length: 96 + this.#below(8) }, (_, index) => `X-${index}: ${index}`)
    return [`X-Long: ${'y'.repeat(this.#one([4_000, 16_384, 100_000, 459_000, 470_000]))}`]
  }

  #body(lines: string[]): string {
    const chunked = this.#chance(0.5)
    if (this.#chance(0.9)) lines.push(chunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 5')
    return chunked || this.#chance(0.2) ? this.#one(bodies) : 'hello'
  }

  #ended(lines: readonly string[], odd: boolean): string {
    const ends =
      odd && this.#chance(0.12) ? this.#one([['\n'], ['\r\n', '\n'], ['\r'], ['\r\r\n'], ['\n\r']]) : ['\r\n']
    const before = odd && this.#chance(0.04) ? this.#one(['\r\n', '\n', '\r', ' ', '\r\n\r\n', '\0']) : ''
    return [before, ...[...lines, ''].flatMap((line) => [line, this.#one(ends)])].join('')
  }

  /** One to three bytes changed, put in, taken out or said twice: what a grammar would not think of. */
  #changeBytes(text: string): string {
    let changed = text
    for (let count = 1 + this.#below(3); count > 0; count -= 1) {
      const at = this.#below(changed.length)
      const [before, rest] = [changed.slice(0, at), changed.slice(at)]
      const byte = String.fromCharCode(
        this.#chance(0.5) ? this.#below(256) : this.#one([0, 9, 10, 13, 32, 58, 127, 255]),
      )
      const length = 1 + this.#below(20)
      changed = this.#one([
        before + byte + rest.slice(1),
        before + byte + rest,
        before + rest.slice(length),
        before + rest.slice(0, length) + rest,
      ])
    }
    return changed
  }

  #split(bytes: Buffer, ends: readonly number[]): Buffer[] {
    const cuts = new Set<number>()
    // What follows an answered request is what the fast path sees alone.
    if (this.#chance(0.5)) for (const end of ends) cuts.add(end)
    if (this.#chance(0.4)) for (let count = this.#below(5); count > 0; count -= 1) cuts.add(this.#below(bytes.length))
    const from = this.#below(bytes.length)
    if (this.#chance(0.01)) for (let at = from; at < from + 30; at += 1) cuts.add(at)
    const places = [0, ...[...cuts].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b), bytes.length]
    return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
  }
}
