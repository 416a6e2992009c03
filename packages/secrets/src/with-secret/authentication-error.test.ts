import { describe, expect, it } from 'vitest'
import { isAuthenticationError } from './authentication-error.ts'

const withFields = (fields: object, message = 'failed'): Error => Object.assign(new Error(message), fields)

describe('an error that says that a password was refused', () => {
  it.each<[string, unknown]>([
    ['PostgreSQL: invalid_password', withFields({ code: '28P01' })],
    ['PostgreSQL: invalid_authorization_specification', withFields({ code: '28000' })],
    ['MySQL by number', withFields({ errno: 1045 })],
    ['MySQL by name', withFields({ code: 'ER_ACCESS_DENIED_ERROR' })],
    ['MongoDB', withFields({ code: 18, codeName: 'AuthenticationFailed' })],
    ['SQL Server', withFields({ code: 'ELOGIN' })],
    ['Redis 6 and later', new Error('WRONGPASS invalid username-password pair or user is disabled.')],
    ['Redis without a login', new Error('NOAUTH Authentication required.')],
    ['Redis 5', new Error('ERR invalid password')],
    ['HTTP by status', withFields({ status: 401 })],
    ['HTTP by statusCode', withFields({ statusCode: 401 })],
    ['HTTP by its response', withFields({ response: { status: 401 } })],
    ['a cause', new Error('query failed', { cause: withFields({ code: '28P01' }) })],
    ['one of several', new AggregateError([new Error('x'), withFields({ code: '28P01' })])],
  ])('is %s', (_name, error) => {
    expect(isAuthenticationError(error)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', '28P01'],
    ['another SQL state', withFields({ code: '42P01' })],
    ['HTTP 403', withFields({ status: 403 })],
    ['a message that only mentions it', new Error('the job said WRONGPASS')],
    ['a port 18', withFields({ code: '18' })],
  ])('is not %s', (_name, error) => {
    expect(isAuthenticationError(error)).toBe(false)
  })

  it('is looked for in a circle of causes without end', () => {
    const error = new Error('round')
    error.cause = error
    expect(isAuthenticationError(error)).toBe(false)
  })
})
