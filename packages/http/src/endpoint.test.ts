import { describe, expect, it } from 'vitest'
import { isLoopback, parseEndpoint } from './endpoint.ts'

const codeOf = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return undefined
}

describe('an endpoint', () => {
  it('is https with its usual port, or another', () => {
    expect(parseEndpoint('https://example.com')).toMatchObject({ secure: true, port: 443, host: 'example.com' })
    expect(parseEndpoint('https://example.com:8443/')).toMatchObject({ port: 8443, host: 'example.com:8443' })
  })

  it.each(['http://127.0.0.1:1', 'http://localhost', 'http://[::1]:2773', 'http://127.8.9.10', 'http://a.localhost'])(
    'may be plain http on this machine: %s',
    (text) => {
      expect(parseEndpoint(text).secure).toBe(false)
    },
  )

  it.each(['http://example.com', 'http://10.0.0.1', 'http://127.0.0.1.example.com', 'http://[::2]', 'http://0.0.0.0'])(
    'is not plain http elsewhere, unless told so: %s',
    (text) => {
      expect(codeOf(() => parseEndpoint(text))).toBe('config_invalid')
      expect(parseEndpoint(text, { allowInsecureHttp: true }).secure).toBe(false)
    },
  )

  it.each(['', 'example.com', 'ftp://example.com', 'https://a/b', 'https://a?b', 'https://a#b', 'https://u:p@a'])(
    'is not %j',
    (text) => {
      expect(codeOf(() => parseEndpoint(text))).toBe('config_invalid')
    },
  )

  it('with a password is refused without quoting it', () => {
    expect(() => parseEndpoint('https://user:hunter2@host')).toThrow(/without/)
    expect(() => parseEndpoint('https://user:hunter2@host')).not.toThrow(/hunter2/)
  })

  it('counts as loopback by its whole name only', () => {
    expect(isLoopback('localhost.example.com')).toBe(false)
    expect(isLoopback('127.0.0.1')).toBe(true)
  })
})
