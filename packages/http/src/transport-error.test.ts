import { describe, expect, it } from 'vitest'
import { transportError } from './transport-error.ts'

describe('a failed exchange', () => {
  it.each([
    ['ECONNREFUSED', 'unavailable', 'refused'],
    ['ECONNRESET', 'unavailable', 'reset'],
    ['EPIPE', 'unavailable', 'reset'],
    ['ENOTFOUND', 'unavailable', 'dns'],
    ['EAI_AGAIN', 'unavailable', 'dns'],
    ['EHOSTUNREACH', 'unavailable', 'no_route'],
    ['CERT_HAS_EXPIRED', 'unavailable', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unavailable', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'unavailable', 'tls'],
    ['ESOMETHING', 'unavailable', 'connection'],
    ['ETIMEDOUT', 'timeout', 'no_answer'],
    ['ERR_INVALID_CHAR', 'source_misconfigured', 'header'],
    ['ERR_INVALID_HTTP_TOKEN', 'source_misconfigured', 'header'],
    ['HPE_INVALID_CONSTANT', 'bad_response', undefined],
  ])('%s is %s, reason %s', (code, expected, reason) => {
    const error = transportError(Object.assign(new Error('x'), { code }), 'https://a', 'aws')
    expect(error).toMatchObject({ code: expected, source: 'aws', message: expect.stringContaining(code) })
    expect(error.reason).toBe(reason)
  })

  it.each([undefined, null, 'text', {}])('that throws %j is unavailable all the same', (thrown) => {
    expect(transportError(thrown, 'https://a', 'aws').code).toBe('unavailable')
  })
})
