import { describe, expect, it } from 'vitest'
import { encodePath } from './path.ts'

describe('a path in OpenBao', () => {
  it.each([
    ['prod/db', 'prod/db'],
    ['a b#c?d%2Fe', 'a%20b%23c%3Fd%252Fe'],
    ['ä/🔑', '%C3%A4/%F0%9F%94%91'],
    ['...', '...'],
  ])('%j is asked for as %s', (path, encoded) => {
    expect(encodePath(path, 'openbao')).toBe(encoded)
  })

  it.each(['', '/', 'a//b', '/a', 'a/', '.', '..', 'a/../b', 'a/./b', 'a\nb', 'a\u0000', 'a\u007f', '\ud800'])(
    '%j is refused, as OpenBao would take another path for it, or none',
    (path) => {
      expect(() => encodePath(path, 'openbao')).toThrow(expect.objectContaining({ code: 'invalid_request' }))
    },
  )
})
