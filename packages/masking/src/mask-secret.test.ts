import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { maskSecret } from './mask-secret.ts'

it.each([
  ['', '****'],
  ['short', '****'],
  ['fifteen-letters', '****'],
  ['sixteen-letters!', '****ers!'],
  ['sk-live-0123456789abcdef', '****cdef'],
  ['a key that ends in a line\n', '****'],
  ['eighteen letters🔑🔑', '****rs🔑🔑'],
])('shows %j as %j', (value, shown) => {
  expect(maskSecret(value)).toBe(shown)
})

it('shows at most four characters of any value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (value) => {
      const tail = maskSecret(value).slice(4)
      expect(Array.from(tail).length).toBeLessThanOrEqual(4)
      expect(value.endsWith(tail)).toBe(true)
    }),
  )
})
