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

  it.each(['http://127.0.0.1:1', 'http://localhost', 'http://[::1]:2773', 'http://127.8.9.10'])(
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

  it.each([
    'https://user:hunter2@host:99999',
    'user:hunter2@host',
    'https://host?token=hunter2',
    'https://host/hunter2',
    'https://host#hunter2',
    'http://host.example/?token=hunter2',
    'hunter2',
  ])('is refused with no more of it quoted than scheme and host: %j', (text) => {
    expect(() => parseEndpoint(text)).toThrow(/^The endpoint /)
    expect(() => parseEndpoint(text)).not.toThrow(/hunter2/)
  })

  it('that has more than scheme and host is told by these', () => {
    expect(() => parseEndpoint('https://host:8200/v1')).toThrow('The endpoint "https://host:8200" has a path')
  })

  it('is not this machine for a name below localhost, which a resolver may send anywhere', () => {
    expect(isLoopback('evil.localhost')).toBe(false)
    expect(() => parseEndpoint('http://evil.localhost')).toThrow(/plain http/)
  })

  it('counts as loopback by its whole name only', () => {
    expect(isLoopback('localhost.example.com')).toBe(false)
    expect(isLoopback('127.0.0.1')).toBe(true)
  })
})
