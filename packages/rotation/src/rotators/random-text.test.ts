import { systemRandom } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { randomText } from './random-text.ts'

describe('a random password', () => {
  it('has 32 characters of printable ASCII, one of each kind, and none that AWS leaves out', () => {
    for (let round = 0; round < 200; round += 1) {
      const text = randomText(systemRandom)
      expect(text).toMatch(/^[\x21-\x7e]{32}$/)
      for (const kind of [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z0-9]/]) expect(text).toMatch(kind)
      expect(text).not.toMatch(/[:/@"'\\]/)
    }
  })

  it('has none of what is excluded, be it a whole kind', () => {
    const text = randomText(systemRandom, { length: 200, exclude: '!#$%&()*+,-.:;<=>?@[]^_`{|}~"\'/\\l1O0' })
    expect(text).toMatch(/^[a-km-zA-NP-Z2-9]{200}$/)
  })

  it('prefers no character', () => {
    const counts = new Map<string, number>()
    for (const character of randomText(systemRandom, { length: 1_024 }) + randomText(systemRandom, { length: 1_024 }))
      counts.set(character, (counts.get(character) ?? 0) + 1)
    expect(Math.max(...counts.values())).toBeLessThan(70)
  })

  it.each([
    { length: 11 },
    { length: 1_025 },
    { length: 20.5 },
    { exclude: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&()*+,-.:;<=>?@[]' },
  ])('can’t be as %j says', (options) => {
    expect(() => randomText(systemRandom, options)).toThrow(/characters/)
  })
})
