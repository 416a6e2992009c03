import { describe, expect, it } from 'vitest'
import { createMasker } from '../masker.ts'
import { createValueRegistry } from './value-registry.ts'
import { urlPassword } from './url-password.ts'

describe('a value that is a URL with a password', () => {
  it('has the password masked by itself, as it stands and decoded', () => {
    const values = createValueRegistry()
    values.hold('postgres://app:canary%2Fpass%20word@db.internal:5432/app')
    const { text } = createMasker({ values })
    expect(text('login of app with canary/pass word or canary%2Fpass%20word at db.internal')).toBe(
      'login of app with **** or **** at db.internal',
    )
  })

  it.each([
    ['redis://:canary-pass@host', ['canary-pass']],
    ['amqps://user:a:b@host/%2F', ['a:b']],
    ['mongodb+srv://u:p%25q@host', ['p%25q', 'p%q']],
    ['https://user:50%@host', ['50%']],
    ['https://user@host', []],
    ['https://user:@host', []],
    ['https://host/path?x=user:pass@y', []],
    ['user:pass@host', []],
  ])('%s: %j', (url, expected) => {
    expect(urlPassword(url)).toEqual(expected)
  })
})
