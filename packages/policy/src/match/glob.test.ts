import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Characters, globMatches, globOf } from './glob.ts'
import { areFixed, tokensOf } from './tokens.ts'

const globFor = (pattern: string) => {
  const tokens = tokensOf(pattern, { variables: false, wildcards: true }) ?? []
  if (!areFixed(tokens)) throw new Error('a pattern without variables has tokens without them')
  return globOf(tokens)
}

/** As anybody would write it down: exponential, and right. */
const plainly = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === ''
  if (pattern.startsWith('*'))
    return plainly(pattern.slice(1), text) || (text !== '' && plainly(pattern, text.slice(1)))
  return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && plainly(pattern.slice(1), text.slice(1))
}

/** The text, and how often a character of it was looked at. */
const counted = (text: string): { readonly characters: Characters; readonly looks: () => number } => {
  let looks = 0
  const charCodeAt = (at: number): number => {
    looks += 1
    return text.charCodeAt(at)
  }
  return { characters: { length: text.length, charCodeAt }, looks: () => looks }
}

describe('a glob', () => {
  it('matches as its definition says', () => {
    const letters = fc.constantFrom('a', 'b')
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
    fc.assert(
      fc.property(patterns, fc.string({ unit: letters, maxLength: 10 }), (pattern, text) => {
        expect(globMatches(globFor(pattern), text)).toBe(plainly(pattern, text))
      }),
      { numRuns: 3000 },
    )
  })

  it('takes no more steps than the text times the longest piece, plus both ends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'a', 'b', '?'), maxLength: 20 }), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.string({ unit: fc.constantFrom('a', 'a', 'a', 'b'), maxLength: 300 }),
        (pieces, text) => {
          const { characters, looks } = counted(text)
          globMatches(globFor(pieces.join('*')), characters)
          const longest = Math.max(...pieces.map(({ length }) => length))
          expect(looks()).toBeLessThanOrEqual((text.length + 2) * (longest + 1))
        },
      ),
    )
  })

  it.each([
    ['many stars', `${'*a'.repeat(500)}*b`, 'a'.repeat(2000)],
    ['stars and question marks', `${'*?'.repeat(500)}b`, 'a'.repeat(2000)],
    ['a long piece that nearly fits everywhere', `*${'a'.repeat(1000)}b*`, 'a'.repeat(2000)],
    ['nested repetition', `${'*aa'.repeat(300)}c`, 'a'.repeat(2000)],
  ])('is not led astray by %s', (_, pattern, text) => {
    const { characters, looks } = counted(text)
    expect(globMatches(globFor(pattern), characters)).toBe(false)
    expect(looks()).toBeLessThan(1_100_000)
  })
})
