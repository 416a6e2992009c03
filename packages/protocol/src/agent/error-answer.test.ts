import { SecretsError, type SecretsErrorOptions } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { encodeAgentError, parseAgentError } from './error-answer.ts'

const upstream = (code: string, message: string, status = 400): SecretsErrorOptions => ({
  upstream: { protocol: 'aws-json-1.1', code, status, message },
})

describe("the agent's error", () => {
  it('passes on what AWS said, escaped', () => {
    const error = new SecretsError('invalid_request', 'ours', upstream('InvalidParameterException', 'bad "x" \\ y\nz'))
    expect(encodeAgentError(error)).toEqual({
      status: 400,
      body: '{"__type":"InvalidParameterException","message":"bad \\"x\\" \\\\ y\\nz"}',
    })
  })

  it.each([
    ['ResourceNotFoundException', '', 400, 400],
    ['InternalFailure', 'boom', 500, 500],
    ['', 'boom', 503, 500],
  ])('of AWS %j %j %i is an InternalFailure with %i', (code, message, given, status) => {
    const error = new SecretsError('unavailable', 'ours', upstream(code, message, given))
    expect(encodeAgentError(error)).toEqual({ status, body: '{"__type":"InternalFailure"}' })
  })

  it.each([
    ['timeout', 504, '{"__type":"TimeoutError","message":"Timeout"}'],
    ['unavailable', 502, '{"__type":"ConnectionError","message":"Read Error"}'],
    ['bad_response', 500, '{"__type":"InternalFailure"}'],
    ['internal', 500, '{"__type":"InternalFailure"}'],
    ['source_misconfigured', 500, '{"__type":"InternalFailure"}'],
    ['secret_not_found', 400, '{"__type":"ResourceNotFoundException","message":"ours"}'],
    ['access_denied', 400, '{"__type":"AccessDeniedException","message":"ours"}'],
    ['rate_limited', 400, '{"__type":"ThrottlingException","message":"ours"}'],
  ] as const)('%s without AWS is %i %s', (code, status, body) => {
    expect(encodeAgentError(new SecretsError(code, 'ours'))).toEqual({ status, body })
  })

  it('is read by its type, and a plain text as such', () => {
    expect(parseAgentError('{"__type":"X","message":"m"}')).toEqual({ type: 'X', message: 'm' })
    expect(parseAgentError('{"__type":"InternalFailure"}')).toEqual({ type: 'InternalFailure', message: '' })
    expect(parseAgentError('Bad Token')).toEqual({ type: '', message: 'Bad Token' })
    expect(parseAgentError('null')).toEqual({ type: '', message: 'null' })
  })
})
