import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeServiceError, parseServiceError } from './error-answer.ts'

describe('an error of the service', () => {
  it('comes back as it was sent', () => {
    const error = { code: 'access_denied', message: 'no' } as const
    expect(parseServiceError(encodeServiceError(error))).toEqual(error)
  })

  it('is none where another server answered', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => parseServiceError(body) === undefined))
    expect(parseServiceError('{"error":{"code":"toString","message":""}}')).toBeUndefined()
    expect(parseServiceError('{"error":{"code":"conflict"}}')).toBeUndefined()
  })
})
