import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64, encodeBase64 } from './base64.ts'

describe('base64', () => {
  it('is what Node writes, and reads back to the bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
        const text = encodeBase64(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64'))
        expect(decodeBase64(text)).toEqual(bytes)
      }),
    )
  })

  it.each(['a', 'ab', 'abc', 'ab=', 'abcd=', 'ab==cd==', 'a-_d', 'abcd\n', ' abcd', 'é==='])('is not %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined()
  })
})
