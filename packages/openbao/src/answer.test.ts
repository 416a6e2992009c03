import { SecretsError } from '@keyplane/core'
import fc from 'fast-check'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { OpenBaoAnswer } from './answer.ts'
import { failureOf } from './failure.ts'
import { metadataOf, versionOf, writtenOf } from './kv/answers.ts'

const answerOf = (body: Uint8Array | string, headers: Record<string, string> = {}): OpenBaoAnswer =>
  new OpenBaoAnswer({ status: 200, headers, body: typeof body === 'string' ? new TextEncoder().encode(body) : body }, 0)

describe('an answer', () => {
  it('gives members by their path, its own only', () => {
    const answer = answerOf('{"data":{"a":{"b":1},"__proto__":{"c":2}},"list":[1]}')
    expect(answer.member('data', 'a', 'b')).toBe(1)
    expect(answer.member('data', 'a', 'b', 'c')).toBeUndefined()
    expect(answer.member('data', 'constructor')).toBeUndefined()
    expect(answer.member('nothing')).toBeUndefined()
  })

  it('tells an empty list of errors from none', () => {
    expect(answerOf('{"errors":[]}').errors).toEqual([])
    expect(answerOf('{"errors":["a",1]}').errors).toEqual(['a'])
    expect(answerOf('{}').errors).toBeUndefined()
    expect(answerOf('<html>').errors).toBeUndefined()
  })

  it('has its headers, and a request id only where it is one', () => {
    const headers = { 'retry-after': '1', location: 'https://leader/', 'x-vault-index': 'e30=' }
    expect(answerOf('{"request_id":"6f81776c-4700"}', headers)).toMatchObject({
      requestId: '6f81776c-4700',
      retryAfterMs: 1_000,
      location: 'https://leader/',
      index: 'e30=',
    })
    expect(answerOf('{"request_id":"a\\nb"}').requestId).toBeUndefined()
  })

  it('does not print its body', () => {
    const answer = answerOf('{"auth":{"client_token":"token-canary"},"data":{"data":{"a":"value-canary"}}}')
    expect(`${inspect(answer, { depth: 9, showHidden: true })}${JSON.stringify(answer)}`).not.toContain('canary')
  })

  it('of any bytes is read without an accident', () => {
    const body = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => new TextEncoder().encode(text)),
    )
    fc.assert(
      fc.property(body, fc.integer({ min: 100, max: 599 }), (bytes, status) => {
        const answer = new OpenBaoAnswer({ status, headers: {}, body: bytes }, 0)
        failureOf(answer)
        for (const read of [versionOf, writtenOf, (one: OpenBaoAnswer) => metadataOf(one, { nowMs: 0, source: 's' })])
          try {
            read(answer, 's')
          } catch (thrown) {
            expect((thrown as SecretsError).code).toBe('bad_response')
          }
      }),
    )
  })
})
