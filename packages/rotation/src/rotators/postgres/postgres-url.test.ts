import { type SecretValue, TextValue } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { postgresUrlLogin, withPostgresUrlLogin } from './postgres-url.ts'

const valueOf = (text: string): SecretValue => new TextValue(text)
// Without a database: the user's own, as libpq has it.
const login = { host: 'db.example', port: 5_432, tls: true, user: 'app', password: 'first', database: 'app' }

describe('the URL of a PostgreSQL', () => {
  it.each([
    ['postgresql://app:first@db.example/orders', { ...login, database: 'orders' }],
    ['postgres://app:first@db.example', login],
    ['postgresql://app:first@db.example:6432/', { ...login, port: 6_432 }],
    ['postgresql://app:first@db.example?sslmode=disable', { ...login, tls: false }],
    ['postgresql://app:first@db.example?sslmode=prefer', login],
    ['postgresql://app:first@localhost', { ...login, host: 'localhost', tls: false }],
    ['postgresql://app:first@localhost?sslmode=require', { ...login, host: 'localhost' }],
    ['postgresql://app:first@localhost?ssl=true', { ...login, host: 'localhost' }],
    ['postgresql://app:first@[::1]:5433/', { ...login, host: '::1', port: 5_433, tls: false }],
    [' postgresql://app:first@db.example\n', login],
    [
      'postgresql://an%40app:p%2Fq%25%3F@db.example/an%20order',
      { ...login, user: 'an@app', password: 'p/q%?', database: 'an order' },
    ],
  ])('is a login: %j', (text, expected) => {
    expect(postgresUrlLogin(valueOf(text))).toEqual(expected)
  })

  it.each([
    ['without a user', 'postgresql://db.example/orders'],
    ['without a password', 'postgresql://app@db.example/orders'],
    ['without a host', 'postgresql://app:first@/orders'],
    ['of a socket', 'postgresql://app:first@%2Fvar%2Frun/orders'],
    ['of two hosts', 'postgresql://app:first@one.example,two.example/orders'],
    ['of two hosts with ports', 'postgresql://app:first@one.example:1,two.example:2/orders'],
    ['of a port that is none', 'postgresql://app:first@db.example:0/orders'],
    ['with another host in its query', 'postgresql://app:first@db.example/orders?host=other.example'],
    ['with another user in its query', 'postgresql://app:first@db.example/orders?user=root'],
    ['with another password in its query', 'postgresql://app:first@db.example/orders?password=first'],
    ['with a TLS mode that is none', 'postgresql://app:first@db.example/orders?sslmode=maybe'],
    ['with a % that stands for nothing', 'postgresql://app:fir%st@db.example/orders'],
  ])('is refused %s, and not shown', (_, text) => {
    const refused = (): unknown => postgresUrlLogin(valueOf(text))
    expect(refused).toThrow(expect.objectContaining({ code: 'source_misconfigured', reason: 'value_shape' }))
    expect(refused).not.toThrow(/first|fir%st/)
  })

  it('keeps all but the login when that changes', () => {
    const value = valueOf('postgresql://app:first@db.example:6432/orders?sslmode=verify-full&application_name=shop')
    const changed = withPostgresUrlLogin(value, { username: 'app_clone', password: 'a/b@c:d?e#f%g h' })
    expect(String(changed?.reveal())).toBe(
      'postgresql://app_clone:a%2Fb%40c%3Ad%3Fe%23f%25g%20h@db.example:6432/orders?sslmode=verify-full&application_name=shop',
    )
    expect(changed && postgresUrlLogin(changed)).toMatchObject({ user: 'app_clone', password: 'a/b@c:d?e#f%g h' })
  })

  it('gives every printable password back', () => {
    const password = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')
    const changed = withPostgresUrlLogin(valueOf('postgresql://app:first@db.example'), { password })
    expect(changed && postgresUrlLogin(changed)).toMatchObject({ user: 'app', password })
  })

  it.each(['{"host":"db.example"}', 'text', 'mysql://app:first@db.example', ''])('is not %j', (text) => {
    expect(postgresUrlLogin(valueOf(text))).toBeUndefined()
    expect(withPostgresUrlLogin(valueOf(text), { password: 'x' })).toBeUndefined()
  })
})
