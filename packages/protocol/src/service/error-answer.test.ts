import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { httpStatus } from '../error-status.ts'
import { encodeServiceError, parseServiceError } from './error-answer.ts'
import { titleOfStatus } from './status-title.ts'

describe('an error of the service', () => {
  it('comes back as it was sent', () => {
    const error = { code: 'access_denied', message: 'no', requestId: '7' } as const
    expect(parseServiceError(encodeServiceError(error))).toEqual(error)
  })

  it('is problem details with its code', () => {
    expect(JSON.parse(encodeServiceError({ code: 'unsupported', message: 'no', requestId: '7' }, 405))).toEqual({
      type: 'about:blank',
      title: 'Method Not Allowed',
      status: 405,
      detail: 'no',
      code: 'unsupported',
      requestId: '7',
    })
  })

  it('has a title, whatever its code', () => {
    for (const status of Object.values(httpStatus)) expect(titleOfStatus(status)).not.toBe('Error')
  })

  it('is none where another server answered', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => parseServiceError(body) === undefined))
    expect(parseServiceError('{"code":"toString","detail":""}')).toBeUndefined()
    expect(parseServiceError('{"code":"conflict"}')).toBeUndefined()
  })
})
