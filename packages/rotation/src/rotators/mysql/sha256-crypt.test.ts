import { describe, expect, it } from 'vitest'
import { sha256Crypt } from './sha256-crypt.ts'

const crypt = (text: string, salt: string, rounds = 5_000): string =>
  sha256Crypt(text, { salt: Buffer.from(salt), rounds })

describe('SHA-256 crypt', () => {
  it.each([
    ['Hello world!', 'saltstring', 5_000, '5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
    ['Hello world!', 'saltstringsaltst', 10_000, '3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
    ['a short string', 'roundstoolow', 1_000, '4Dh5ncx3fNWw8XMpz6wjl0.pJMw5rx9noc5Yd.7f9k5'],
  ])('has %j, salted with %j, as glibc does', (text, salt, rounds, made) => {
    expect(crypt(text, salt, rounds)).toBe(made)
  })

  it('has a salt of 20 bytes as MySQL does', () => {
    const salt = Buffer.from('F9CC98CE08892924F50A213B6BC571A2C11778C5', 'hex')
    const digest = Buffer.from(
      '625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F',
      'hex',
    ).toString()
    expect(sha256Crypt('hashcat', { salt, rounds: 5_000 })).toBe(digest)
  })
})
