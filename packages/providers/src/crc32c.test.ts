import { describe, expect, it } from 'vitest'
import { crc32c } from './crc32c.ts'

describe('CRC-32C', () => {
  // From RFC 3720, B.4, and the check value of the polynomial.
  it.each([
    ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, byte) => byte), 0x46dd794e],
    ['nothing', new Uint8Array(0), 0],
  ])('of %s is what the standard says', (_, bytes, sum) => expect(crc32c(bytes)).toBe(sum))
})
