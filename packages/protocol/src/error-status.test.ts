import { describe, expect, it } from 'vitest'
import { httpStatus } from './error-status.ts'

describe('the status of an error', () => {
  it('is an error, and tells an absence, a refusal and a silence apart', () => {
    for (const status of Object.values(httpStatus)) expect(status).toBeGreaterThanOrEqual(400)
    const { secret_not_found, access_denied, unauthenticated, unavailable, timeout, bad_response } = httpStatus
    const apart = [secret_not_found, access_denied, unauthenticated, unavailable, timeout, bad_response]
    expect(new Set(apart).size).toBe(apart.length)
  })
})
